"""Every convention in which courses differ, toggled: what is only shown changes no number, what counts exactly its own.

`SHOWN` are those of [notation], each on every shipped scenario. `COUNTED` change numbers, each by a formula that is
worked out here; they are named in the file, said in words at the head of every export, and shown in the walk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from scenes import SCENARIOS, SHIPPED

from engine.arithmetic import Arithmetic
from engine.conventions import conventions_in
from engine.explain import explain
from engine.hand.trace import HandTrace
from engine.notation import Notation
from engine.notation_style import DEFAULT, LETTERS, STYLE_OPTIONS, Style
from engine.plan import Granularity
from engine.printers.lines import lines
from engine.quantity import Kind, Phase
from engine.scenario.read import read_text
from engine.structs import replace
from engine.trace import Trace
from tui.edits import Edits
from tui.main import main
from tui.session import Session
from tui.settings import Settings

LETTERED = {
    "z": "s", "a": "o", "yhat": "p", "w": "v", "W": "V", "b": "c", "L": "J", "delta": "ε", "x": "u", "y": "q",
    "eta": "α",
}  # fmt: skip
FUNCTIONS = {"softplus": "φ", "sigmoid": "S", "ln": "log"}

SHOWN: dict[str, Style] = {
    **{
        f"{option.name} {choice}": replace(DEFAULT, **{option.name: choice})  # type: ignore[arg-type]
        for option in STYLE_OPTIONS
        for choice in option.choices[1:]
    },
    **{f"letter {name}": replace(DEFAULT, letters=((name, letter),)) for name, letter in LETTERED.items()},
    **{f"name {name}": replace(DEFAULT, letters=((name, letter),)) for name, letter in FUNCTIONS.items()},
}
"""Each alone, against what is written by default."""
EVERYWHERE = {
    "index_order from_to", "weights W^T", "vectors row", "delta da", "delta -dz", "base 0", "first_layer 2",
    "first_layer 0", "decimal ,", "letter z", "letter yhat", "letter w", "letter W", "letter L", "letter delta",
}  # fmt: skip
"""Those that show in every walk; δ and the indices in nearly every one."""
FILES_EACH = 9
"""Every so many-th convention is declared in a file too, another with every file; all are chosen live."""


def toml(style: Style) -> str:
    """The table that declares a style."""
    keys = [
        f"{option.name} = {json.dumps(getattr(style, option.name))}"
        for option in STYLE_OPTIONS
        if getattr(style, option.name) != option.default
    ]
    keys += [f"letters = {{ {name} = {json.dumps(letter, ensure_ascii=False)} }}" for name, letter in style.letters]
    return "\n[notation]\n" + "\n".join(keys) + "\n"


NOTED = {name for name in SHIPPED if "[notation]" in (SCENARIOS / f"{name}.toml").read_text("utf-8")}
"""Files with a notation of their own, which is left out here."""


@cache
def text_of(name: str) -> str:
    """A shipped file without its own notation."""
    text = (SCENARIOS / f"{name}.toml").read_text("utf-8")
    return re.sub(r"^\[notation\]\n(?:(?!\[).*\n)*", "", text, flags=re.MULTILINE)


def made(name: str, more: str = "") -> Trace:
    return Trace(read_text(text_of(name) + more, SCENARIOS / f"{name}.toml"))


def numbers(trace: Trace) -> dict[str, bytes]:
    """Every array of the first iteration, and of the state after it."""
    record, after = trace.record(0), trace.state(min(1, trace.plan.iterations))
    kept = [key for key, quantity in trace.network.catalogue.items() if quantity.kind is Kind.RECORD]
    found = {f"{key[0]}[{key[1]}]": np.asarray(record[key]).tobytes() for key in kept}
    return found | {f"{key[0]}[{key[1]}] after": np.asarray(after[key]).tobytes() for key in after}


def sampled(trace: Trace) -> list[int]:
    """The last step of every array of the first iteration; of a deep net every so many."""
    ends, step = [], 0
    while step < trace.plan.start(1):
        step = trace.plan.group(step, Granularity.QUANTITY)[1]
        ends.append(step - 1)
    loss = [step for step in ends if trace.plan.place(step).quantity.phase is Phase.LOSS]
    return sorted({*ends[:: max(1, len(ends) // 8)], *loss[:1]})


def shown(session: Session, steps: list[int], style: Style | None = None) -> str:
    """What a screen says of some steps."""
    settings = Settings(style=style)
    printer, trace = session.printer(settings), session.trace
    said = [str(line) for step in steps for line in lines(explain(trace, step), printer)]
    said += [session.words(trace[step], settings) for step in steps]
    return "\n".join(said)


@cache
def changed(name: str) -> frozenset[str]:
    """The conventions that change what is shown of a scenario; that they change nothing else is seen on the way."""
    plain = made(name)
    values, steps = numbers(plain), sampled(plain)
    few = range(0, len(plain), max(1, len(plain) // 20))
    addresses = [str(plain.plan.place(step).address) for step in few]
    session = Session(plain.scenario)
    before = shown(session, steps)
    found = set()
    for place, (convention, style) in enumerate(SHOWN.items(), start=SHIPPED.index(name)):
        if {letter for _, letter in style.letters} & {quantity.name for quantity in plain.network.catalogue.values()}:
            # two symbols need two letters
            continue
        after = shown(session, steps, style)
        if after != before:
            found.add(convention)
        assert session.trace.scenario.notation == DEFAULT
        if place % FILES_EACH == 0:
            other = made(name, toml(style))
            assert other.scenario.notation == style, convention
            assert numbers(other) == values, convention
            assert [str(other.plan.place(step).address) for step in few] == addresses, convention
            assert after == shown(Session(other.scenario), steps), convention
    assert numbers(session.trace) == values
    assert (Edits().draft(session).text == text_of(name)) or name in NOTED
    return frozenset(found)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_only_shown_changes_no_number_and_no_address(name: str) -> None:
    assert EVERYWHERE - changed(name) <= {"letter delta", "delta da", "delta -dz", "index_order from_to"}


def test_each_is_seen_somewhere_and_there_are_more_than_twelve() -> None:
    seen = frozenset[str]().union(*(changed(name) for name in SHIPPED))
    assert seen == set(SHOWN)
    assert len(SHOWN) >= 12
    assert {option.name for option in STYLE_OPTIONS} == {name.split()[0] for name in SHOWN} - {"letter", "name"}
    assert set(LETTERED) | {"h", "gamma", "beta"} == set(LETTERS)


# what counts

BASE = """title = "Everything that counts"
[network]
inputs = 2
[[network.layers]]
units = 2
activation = "relu"
weights = [[1.0, -0.5], [0.5, 0.25]]
biases = [0.0, 0.5]
[[network.layers]]
units = 2
activation = "identity"
weights = [[0.0, 1.0], [-0.5, 0.75]]
biases = [0.25, -0.5]
[data]
x = [[0.5, 1.0], [1.0, 0.5], [2.0, -1.0]]
y = [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]
[training]
loss = { name = "squared_error", factor = 0.5, over_outputs = "sum", over_samples = "sum" }
optimizer = { name = "sgd", learning_rate = 0.125 }
iterations = 3
"""
L2 = 'penalties = [{ name = "l2", strength = 0.5, factor = 0.5 }]\n'
L1 = 'penalties = [{ name = "l1", strength = 0.5 }]\n'
ADAM = 'optimizer = { name = "adam", learning_rate = 0.125, epsilon = 0.01, epsilon_place = "outside" }'
SGD = 'optimizer = { name = "sgd", learning_rate = 0.125 }'
MOMENTUM = 'optimizer = { name = "sgd", learning_rate = 0.125, momentum = 0.5, momentum_form = "accumulator" }'
NORM = 'normalisation = { name = "batch", place = "before_activation" }\n'

Numbers = Callable[[str], Any]
"""The array at an address."""


@dataclass(frozen=True)
class Counted:
    """One convention that changes numbers."""

    name: str
    key: str
    """As the file names it, before and after."""
    before: str
    after: str
    said: tuple[str, str]
    """What the head of an export says, before and after."""
    at: str
    """Where the walk shows it."""
    holds: Callable[[Numbers, Numbers], bool]
    """Whether the numbers after are those before, changed as the formula says."""
    more: str = ""
    """What the file has besides, at its end."""
    layer: str = ""
    """What the first layer has besides."""
    same: tuple[str, ...] = ("z[1]", "a[2]")
    """What it leaves as it was."""


def near(one: Any, other: Any) -> bool:
    return bool(np.allclose(one, other, rtol=1e-12, atol=1e-15))


def adam(place: str) -> Callable[[Numbers], Any]:
    """The first step of Adam for W[2] with ε in a place (Kingma & Ba 2015, algorithm 1 and the end of section 2)."""

    def step(v: Numbers) -> Any:
        g, eta, eps = v("dW[2]"), 0.125, 0.01
        m, s = 0.1 * g, 0.001 * g**2
        match place:
            case "outside":
                return v("W[2]") - eta * (m / 0.1) / (np.sqrt(s / 0.001) + eps)
            case "inside":
                return v("W[2]") - eta * (m / 0.1) / np.sqrt(s / 0.001 + eps)
        return v("W[2]") - eta * np.sqrt(0.001) / 0.1 * m / (np.sqrt(s) + eps)

    return step


COUNTED = (
    Counted(
        "the loss's factor", "factor", "factor = 0.5", "factor = 1.0", ("factor 0.5", "factor 1,"), "loss",
        lambda v, w: near(w("loss"), 2 * v("loss")) and near(w("dW[1]"), 2 * v("dW[1]")),
    ),
    Counted(
        "over outputs", "over_outputs", 'over_outputs = "sum"', 'over_outputs = "mean"',
        ("sum over outputs", "mean over outputs"), "loss",
        lambda v, w: near(w("loss"), v("loss") / 2) and near(w("dW[1]"), v("dW[1]") / 2),
    ),
    Counted(
        "over samples", "over_samples", 'over_samples = "sum"', 'over_samples = "mean"',
        ("sum over samples", "mean over samples"), "loss",
        lambda v, w: near(w("loss"), v("loss") / 3) and near(w("db[1]"), v("db[1]") / 3),
    ),
    Counted(
        "minimised or maximised", "direction", "", 'direction = "maximise"\n', ("", "and is maximised"), "W[1][1,1]@1",
        lambda v, w: near(w("loss"), -v("loss")) and near(w("dW[2]"), -v("dW[2]")) and near(w("W[2]@1"), v("W[2]@1")),
    ),
    Counted(
        "the penalty's factor", "factor", "factor = 0.5 }]", "factor = 1.0 }]", ("0.5·0.5·Σw²", " 0.5·Σw²"), "penalty",
        lambda v, w: near(w("penalty"), 2 * v("penalty")) and near(w("dW_penalty[2]"), v("W[2]")),
        L2, same=("z[1]", "dW_data[1]", "db[1]"),
    ),
    Counted(
        "what is penalised", "on", "factor = 0.5 }]", 'factor = 0.5, on = "all" }]',
        ("on the weights", "on the weights and biases"), "penalty",
        lambda v, w: near(w("penalty") - v("penalty"), 0.25 * sum((v(f"b[{layer}]") ** 2).sum() for layer in (1, 2)))
        and near(w("db[2]"), v("db[2]") + 0.5 * v("b[2]")),
        L2, same=("z[1]", "dW[1]"),
    ),
    Counted(
        "the proximal step", "proximal", "strength = 0.5 }]", "strength = 0.5, proximal = true }]",
        ("Σ|w|", "as a proximal step after the update"), "W[2][1,2]@1",
        lambda v, w: near(w("dW[2]"), v("dW_data[2]")) and near(w("W[2]@1"), soft(v("W[2]") - 0.125 * v("dW_data[2]"))),
        L1,
    ),
    Counted(
        "the place of ε: inside", "epsilon_place", '"outside"', '"inside"',
        ("epsilon place outside", "epsilon place inside"), "W[2][1,1]@1",
        lambda v, w: near(v("W[2]@1"), adam("outside")(v)) and near(w("W[2]@1"), adam("inside")(v)),
        ADAM, same=("a[2]", "dW[1]"),
    ),
    Counted(
        "the place of ε: at the corrected step", "epsilon_place", '"outside"', '"hat"',
        ("epsilon place outside", "epsilon place hat"), "W[2][1,1]@1",
        lambda v, w: near(w("W[2]@1"), adam("hat")(v)),
        ADAM, same=("a[2]", "dW[1]"),
    ),
    Counted(
        "the form of momentum", "momentum_form", '"accumulator"', '"velocity"',
        ("momentum form accumulator", "momentum form velocity"), "W[2][1,1]@2",
        lambda v, w: near(w("vW[2]@1"), -0.125 * v("vW[2]@1")) and near(w("W[2]@2"), v("W[2]@2")),
        MOMENTUM, same=("a[2]", "dW[1]"),
    ),
    Counted(
        "weight decay", "weight_decay", "momentum = 0.5", "momentum = 0.5, weight_decay = 0.5",
        ("weight decay 0.", "weight decay 0.5"), "vW[2][1,2]@1",
        lambda v, w: near(w("W[2]@1"), v("W[2]") - 0.125 * (v("dW[2]") + 0.5 * v("W[2]"))),
        MOMENTUM, same=("a[2]", "dW[1]"),
    ),
    Counted(
        "a shared bias", "shared", "biases = [0.25, -0.5]", "biases = { shared = 0.25 }",
        ("layer 2 identity.", "one bias for all its units"), "db[2]",
        lambda v, w: w("db[2]").size == 1 and near(w("db[2]").sum(), w("delta[2]").sum()), same=("z[1]", "a[1]"),
    ),
    Counted(
        "the slope at the kink", "activation", '"relu"', '{ name = "leaky_relu", slope = 0.25 }',
        ("relu′(0) = 0", "leaky_relu′(0) = slope"), "fprime[1][1]#1",
        lambda v, w: v("z[1]")[0, 0] == 0 == v("fprime[1]")[0, 0] and w("fprime[1]")[0, 0] == 0.25,
    ),
    Counted(
        "sign at 0", "name", "", L1, ("", "sign(0) = 0"), "dW_penalty[2][1,1]",
        lambda v, w: near(w("dW_penalty[2]"), 0.5 * np.sign(v("W[2]"))) and w("dW_penalty[2]")[0, 0] == 0,
        same=("a[2]", "delta[1]"),
    ),
    Counted(
        "where is normalised", "place", "before_activation", "after_activation",
        ("batch normalisation before the activation", "batch normalisation after the activation"), "a[1][1]#1",
        lambda v, w: near(v("xhat[1]"), scaled(v("z[1]"))) and near(w("xhat[1]"), scaled(np.maximum(w("z[1]"), 0))),
        layer=NORM, same=("z[1]",),
    ),
    Counted(
        "clipping", "by", 'by = "value"', 'by = "norm"',
        ("each gradient to 0.5", "all gradients together, by their length"), "W[2][1,1]@1",
        lambda v, w: near(v("W[2]@1"), v("W[2]") - 0.125 * np.clip(v("dW[2]"), -0.5, 0.5))
        and near(w("W[2]@1"), v("W[2]") - 0.125 * v("dW[2]") * 0.5 / length(v)),
        'clipping = { by = "value", limit = 0.5 }\n', same=("a[2]", "dW[1]"),
    ),
)  # fmt: skip


def soft(w: Any) -> Any:
    """Drawn nearer to 0 by η·λ, to 0 where it is that near."""
    return np.sign(w) * np.maximum(np.abs(w) - 0.125 * 0.5, 0)


def scaled(z: Any) -> Any:
    return (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5)


def length(v: Numbers) -> Any:
    return np.sqrt(sum((v(f"d{name}[{layer}]") ** 2).sum() for name in "Wb" for layer in (1, 2)))


def pair(one: Counted) -> tuple[str, str]:
    """The file before and after."""
    text = BASE
    if one.more.startswith("optimizer"):
        text = text.replace(SGD, one.more)
    else:
        text += one.more
    text = text.replace("[[network.layers]]\n", f"[[network.layers]]\n{one.layer}", 1)
    if not one.before:
        return text, text + one.after
    # the penalty's own factor stands last
    at = text.rindex(one.before)
    return text, text[:at] + one.after + text[at + len(one.before) :]


@pytest.mark.parametrize("one", COUNTED, ids=lambda one: one.name)
def test_what_counts_changes_what_its_formula_says(one: Counted, tmp_path: Any, capsys: Any) -> None:
    texts = pair(one)
    assert one.key in texts[1], "named in the file"
    traces = [Trace(read_text(text, "x.toml")) for text in texts]
    before, after = (lambda address, trace=trace: trace.value(trace.resolve(address)) for trace in traces)
    assert one.holds(before, after)
    for address in one.same:
        assert before(address).tobytes() == after(address).tobytes(), address
    shown_before, shown_after = (walked(trace, one.at) for trace in traces)
    assert shown_before != shown_after, "shown in the walk"
    for text, said in zip(texts, one.said, strict=True):
        file = tmp_path / "x.toml"
        file.write_text(text, "utf-8")
        for form in ("text", "jsonl"):
            assert main(["trace", str(file), "--iterations", "1", "--format", form]) == 0
            head = capsys.readouterr().out.partition('"conventions": ' if form == "jsonl" else "\n\n")
            assert said in (head[0] if form == "text" else head[2].split("\n")[0]), form
        scenario = read_text(text, "x.toml")
        assert said in " ".join(conventions_in(scenario, Notation(Trace(scenario).network))), "and in a picture"


def walked(trace: Trace, address: str) -> list[str] | None:
    """The step as the walk shows it; None where there is no such step."""
    session = Session(trace.scenario)
    try:
        step = session.target(address, 0)
    except ValueError:
        return None
    return [str(line) for line in lines(explain(session.trace, step), session.printer(Settings()))]


def test_every_option_of_rounding_counts() -> None:
    """By hand: how many digits, how they are left out, how often, and what is left exact."""
    trace = Trace(read_text(text_of("tanh_paths"), SCENARIOS / "tanh_paths.toml"))
    base = Arithmetic(2)
    others = {
        "5 decimals": replace(base, digits=5),
        "2 significant": replace(base, counted="significant"),
        "cut off": replace(base, rounding="truncate"),
        "every operation": replace(base, each="operation"),
        "z left exact": replace(base, exact=("z",)),
    }
    said = {policy.words() for policy in (base, *others.values())}
    assert len(said) == 6
    steps = range(trace.plan.start(1))
    worked = {}
    for name, policy in {"": base, **others}.items():
        hand = HandTrace(trace, policy)
        worked[name] = [hand.step(step).value for step in steps]
        assert [hand.step(step).exact for step in steps] == [trace[step].value for step in steps], "exact beside it"
    assert [name for name in others if worked[name] == worked[""]] == []


def test_they_are_many() -> None:
    assert len({one.name for one in COUNTED}) == len(COUNTED) >= 12
