"""`new`: a scenario file to begin with, asked for on a terminal, written in one piece or not at all."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tui import terminal
from tui.verbs.wrong import PROGRAM, WrongInputError

if TYPE_CHECKING:
    from engine.scenario.edit import Draft

Value = TypeVar("Value")

SHAPING = (
    "layers", "activation", "output_activation", "loss", "optimizer", "learning_rate", "iterations", "init", "seed",
)  # fmt: skip
"""Options that say what the network is; with --from it is that of the copy."""

MOST_NAMES = 12
"""As many names as a message lists."""


def run(options: Namespace) -> int:
    path = Path(options.file)
    if not options.force and _there(path):
        raise WrongInputError(f"{options.file}: there is a file of this name already: add --force to overwrite it")
    from engine.scenario.edit import EditError
    from engine.scenario.errors import ScenarioError
    from engine.scenario.save import ExistsError, SaveError, save

    try:
        draft = _copy(options) if options.copied is not None else _made(options, path)
        if options.explicit:
            draft = draft.explicit()
        save(draft.text, path, overwrite=options.force)
    except ExistsError as error:
        raise WrongInputError(f"{error}: add --force to overwrite it") from None
    except (EditError, SaveError) as error:
        raise WrongInputError(str(error), prefixed=not error.problems) from None
    except ScenarioError as error:
        raise WrongInputError(str(error), prefixed=False) from None
    terminal.Writer().lines(f"{options.file}: written; {PROGRAM} {options.file} opens it")
    return 0


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False  # saving has the words


def _copy(options: Namespace) -> Draft:
    """A shipped scenario that needs no file beside it."""
    from engine.scenario.edit import Draft
    from engine.scenario.template import SCHEMA_LINE
    from engine.scenario.words import instead
    from tui.verbs import shipped

    given = next((name for name in SHAPING if getattr(options, name) is not None), None)
    if given is not None:
        raise WrongInputError(
            f"--from copies a scenario as it is: leave out --{given.replace('_', '-')}, and edit the copy"
        )
    entry = shipped.find(options.copied)
    if entry is None:
        names = shipped.names()
        raise WrongInputError(
            f"--from: there is no shipped scenario {options.copied!r}: {instead(options.copied, names)}"
        )
    text = f"{SCHEMA_LINE}\n{entry.read_text(encoding='utf-8')}"
    return Draft.of(text, entry if isinstance(entry, Path) else Path(entry.name)).on_its_own()


def _made(options: Namespace, path: Path) -> Draft:
    """A new scenario of what was given, asked for, or usual."""
    from engine import activations, initialisers, optimizers
    from engine.losses import LOSSES
    from engine.scenario.edit import Draft
    from engine.scenario.template import Wishes, template, usual_loss, usual_output, usual_rate

    ask = _Asking(options, terminal.is_interactive())
    losses = [*(alias for loss in LOSSES.values() for alias in loss.aliases), *LOSSES]
    by_name = {name: name for name in losses}
    sizes = ask("layers", "sizes, inputs first", "2-2-1", _sizes)
    hidden = "tanh"
    if len(sizes) > 2 or options.activation is not None:
        hidden = ask("activation", "activation of the hidden layers", hidden, _one_of(activations.canonical))
    output = options.output_activation
    if output is not None:
        output = ask("output_activation", "", "", _one_of(activations.canonical))
    loss = ask("loss", "loss", usual_loss(sizes[-1], output), _one_of(by_name))
    output = output or ask(
        "output_activation", "activation of the last layer", usual_output(loss), _one_of(activations.canonical)
    )
    optimizer = ask("optimizer", "optimizer", "sgd", _one_of(optimizers.canonical))
    rate = ask("learning_rate", "learning rate", repr(usual_rate(optimizer)), _rate)
    iterations = ask("iterations", "iterations", "20", _whole)
    init = ask("init", "how weights are drawn", "xavier_uniform", _one_of(initialisers.canonical))
    seed = ask("seed", "seed", "7", _whole)
    wishes = Wishes(sizes, hidden, output, loss, optimizer, rate, iterations, init, seed)
    return Draft.of(template(wishes), path)


class _Asking:
    """Answers from the command line, from the person at the terminal, or usual ones."""

    def __init__(self, options: Namespace, interactive: bool) -> None:
        self._options = options
        self._interactive = interactive

    def __call__(self, name: str, question: str, usual: str, read: Callable[[str], Value]) -> Value:
        given = getattr(self._options, name)
        if given is not None:
            try:
                return read(given)
            except ValueError as error:
                raise WrongInputError(f"--{name.replace('_', '-')}: {error}") from None
        while self._interactive:
            try:
                typed = input(f"{question} [{usual}]: ").strip()
            except EOFError:
                raise WrongInputError("stopped: nothing was written") from None
            try:
                return read(typed or usual)
            except ValueError as error:
                terminal.Writer().lines(f"  {error}")
        return read(usual)


def _one_of(spellings: Mapping[str, str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        from engine.scenario.words import quoted

        if text in spellings:
            return spellings[text]
        raise ValueError(f"unknown name {quoted(text)}: {_instead(text, spellings)}")

    return read


def _instead(text: str, spellings: Mapping[str, str]) -> str:
    """The names most like it, all where they are few, else where they are listed."""
    from engine.scenario.words import did_you_mean, nearest

    near = nearest(text, spellings)
    if near:
        return did_you_mean(near)
    names = list(dict.fromkeys(spellings.values()))
    if len(names) <= MOST_NAMES:
        return f"expected one of {', '.join(names)}"
    return f"docs/functions.md lists the {len(names)} there are, {names[0]} and {names[1]} among them"


def _sizes(text: str) -> tuple[int, ...]:
    parts = text.replace("–", "-").replace(",", "-").split("-")
    if len(parts) < 2 or not all(_digits(part) and int(part) for part in parts):
        raise ValueError(f"expected sizes, inputs first, like 2-2-1, got {text!r}")
    return tuple(map(int, parts))


def _whole(text: str) -> int:
    if not _digits(text):
        raise ValueError(f"expected a whole number of at least 0, got {text!r}")
    return int(text)


def _digits(text: str) -> bool:
    return text.strip().isascii() and text.strip().isdigit() and len(text) < 20


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0.0 <= rate < float("inf"):
        raise ValueError(f"expected a number of at least 0, got {text!r}")
    return rate
