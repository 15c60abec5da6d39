"""The [training] table: the loss with its conventions, the optimizer, and how long to train."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from engine import optimizers
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS
from engine.scenario import schema, schema_options
from engine.scenario.errors import At, Faults, Key
from engine.scenario.model import Clipping, Loss, Noise, Optimizer, Option, Schedule, Training
from engine.scenario.tables import choose_name, convert
from engine.scenario.training_options import (
    PenaltyDraft,
    read_clipping,
    read_noise,
    read_penalties,
    read_schedule,
)
from engine.scenario.words import count, number, quoted

KEY: Key = ("training",)
_CONVENTIONS = ("factor", "over_outputs", "over_samples")
_DIRECTIONS = {"minimise": "minimise", "minimize": "minimise", "maximise": "maximise", "maximize": "maximise"}
_ALIASES = {alias: (entry.name, fixed) for entry in LOSSES.values() for alias, fixed in entry.aliases.items()}


class TrainingDraft(Struct):
    """[training] as far as it could be read; None for what was wrong or not given."""

    loss: Loss | None = None
    loss_name: str | None = None
    """Known even where the loss's conventions are wrong."""
    optimizer: Optimizer | None = None
    iterations: int | None = None
    epochs: int | None = None
    batch_size: int | None = None
    batch_size_wrong: bool = False
    shuffle: bool = False
    seed: int = 0
    drop_last: bool = False
    penalties: list[PenaltyDraft] = field(default_factory=list)
    schedule: Schedule | None = None
    clipping: Clipping | None = None
    direction: str = "minimise"
    input_noise: Noise | None = None


def read_training(table: Mapping[str, Any] | None, faults: Faults) -> TrainingDraft:
    """What [training] says; all that is wrong with it goes to `faults`."""
    draft = TrainingDraft()
    if table is None:
        return draft
    got = convert(table, schema.Training, KEY, faults)
    if "loss" in got:
        draft.loss_name, draft.loss = _loss(got["loss"], (*KEY, "loss"), faults)
    if got.get("schedule") is not None:
        draft.schedule = read_schedule(got["schedule"], (*KEY, "schedule"), faults)
    if "optimizer" in got:
        draft.optimizer = _optimizer(got["optimizer"], draft.schedule, (*KEY, "optimizer"), faults)
        _check_minimum(draft.optimizer, draft.schedule, faults)
    draft.iterations, draft.epochs = got.get("iterations"), got.get("epochs")
    if "iterations" in table and "epochs" in table:
        message = "iterations and epochs both say how long to train: keep one"
        faults.add((*KEY, "epochs"), message, At.KEY)
    elif faults.wrote(KEY, "iterations", "epochs"):
        pass
    elif "iterations" in got and "epochs" in got and draft.iterations is None and draft.epochs is None:
        message = "missing: say how long to train with iterations = 5 (updates) or epochs = 5 (passes over the data)"
        faults.add((*KEY, "iterations"), message, At.TABLE)
    draft.batch_size = got.get("batch_size")
    draft.batch_size_wrong = "batch_size" not in got
    draft.shuffle = got.get("shuffle", False)
    draft.seed = got.get("seed", 0)
    draft.drop_last = got.get("drop_last", False)
    draft.penalties = read_penalties(got.get("penalties", []), (*KEY, "penalties"), faults)
    draft.direction = _DIRECTIONS.get(got.get("direction", ""), "minimise")
    if got.get("clipping") is not None:
        draft.clipping = read_clipping(got["clipping"], (*KEY, "clipping"), faults)
    if got.get("input_noise") is not None:
        draft.input_noise = read_noise(got["input_noise"], (*KEY, "input_noise"), faults)
    return draft


def _loss(value: Any, key: Key, faults: Faults) -> tuple[str | None, Loss | None]:
    # those that fix the conventions first: they are what most people look for
    spellings = {**{alias: alias for alias in _ALIASES}, **{name: name for name in LOSSES}}
    name = choose_name(value, "name", spellings, "loss", key, faults)
    if name is None:
        return None, None
    given = {} if isinstance(value, str) else {part: one for part, one in value.items() if part != "name"}
    base, fixed = _ALIASES.get(name, (name, None))
    options: Mapping[str, float] = getattr(LOSSES[base], "options", {})
    before = len(faults.found)
    if fixed is not None:
        for part in [part for part in given if part in _CONVENTIONS or not options]:
            del given[part]
            if part in _CONVENTIONS:
                message = f"{name} is a name that fixes it ({_meaning(fixed)}): leave it out, or name {base}"
            else:
                message = "unknown key: with this name there are no others"
            faults.add((*key, part), message, At.KEY)
        given |= dict(zip(_CONVENTIONS, fixed, strict=True))
    missing = [part for part in _CONVENTIONS if part not in given]
    got = convert({**given, "name": name}, schema_options.loss(base, options), key, faults, missing=False)
    missing = [part for part in missing if not faults.wrote(key, part)]
    if missing:
        faults.add(key, _incomplete(name, missing))
    if len(faults.found) > before:
        return base, None
    declared = {option: float(got[option]) for option in options}
    return base, Loss(base, got["factor"], got["over_outputs"], got["over_samples"], declared)


def _incomplete(name: str, missing: list[str]) -> str:
    examples = {
        "factor": "factor = 1.0",
        "over_outputs": 'over_outputs = "sum"',
        "over_samples": 'over_samples = "mean"',
    }
    listed = missing[0] if len(missing) == 1 else ", ".join(missing[:-1]) + " and " + missing[-1]
    meanings: dict[tuple[float, str, str], list[str]] = {}
    for alias, means in LOSSES[name].aliases.items():
        meanings.setdefault(means, []).append(alias)
    fixed = "; ".join(f"{' or '.join(aliases)} = {_meaning(means)}" for means, aliases in meanings.items())
    if len(missing) == len(_CONVENTIONS):
        written = f'{{ name = "{name}", {", ".join(examples.values())} }}, each as your book has it'
    else:
        written = " and ".join(examples[part] for part in missing) + ", as your book has it"
    return f"{name} needs {listed} too, because books disagree. Write {written}; or a name that fixes all: {fixed}"


def _meaning(fixed: tuple[float, str, str]) -> str:
    factor, outputs, samples = fixed
    times = "" if factor == 1 else "½ · " if factor == 0.5 else f"{factor:g} · "
    if outputs == samples:
        return f"{times}{outputs} over outputs and samples"
    return f"{times}{samples} over samples of the {outputs} over outputs"


def _optimizer(value: Any, schedule: Schedule | None, key: Key, faults: Faults) -> Optimizer | None:
    name = choose_name(value, "name", optimizers.canonical, "optimizer", key, faults)
    if name is None:
        return None
    rates = () if schedule is None else schedule.values
    if isinstance(value, str) and not rates:
        faults.add(
            key, f"{quoted(value)} needs a learning rate: write {{ name = {quoted(value)}, learning_rate = 0.1 }}"
        )
        return None
    table = {"name": name} if isinstance(value, str) else {**value, "name": name}
    if rates:
        table.setdefault("learning_rate", rates[0])
    entry = OPTIMIZERS[name]
    before = len(faults.found)
    got = convert(table, schema_options.optimizer(name, entry.options, entry.choices), key, faults)
    options: dict[str, Option] = {option: got[option] for option in entry.options if option in got}
    if rates and got.get("learning_rate", rates[0]) != rates[0]:
        message = f"the schedule lists the rates, and its first is {number(rates[0])}: leave learning_rate out"
        faults.add((*key, "learning_rate"), message)
    if len(faults.found) == before:
        _check_momentum(options, key, faults)
    return None if len(faults.found) > before else Optimizer(name, got["learning_rate"], options)


def _check_momentum(options: Mapping[str, Option], key: Key, faults: Faults) -> None:
    """Report what an optimizer would pass over in silence."""
    if options.get("nesterov") and not options["momentum"]:
        faults.add((*key, "nesterov"), "Nesterov's look ahead needs a momentum: write, for example, momentum = 0.9")
    if not options.get("dampening"):
        return
    if options["nesterov"]:
        faults.add((*key, "dampening"), "Nesterov's look ahead is defined without dampening: leave one of them out")
    elif not options["momentum"]:
        faults.add((*key, "dampening"), "dampening is of the momentum, and there is none: leave it out")
    elif options["momentum_form"] == "velocity":
        faults.add((*key, "dampening"), 'only momentum_form = "accumulator" has dampening')


def _check_minimum(optimizer: Optimizer | None, schedule: Schedule | None, faults: Faults) -> None:
    if optimizer is None or schedule is None or "minimum" not in schedule.options:
        return
    low, start = schedule.options["minimum"], optimizer.learning_rate
    if low > start:
        message = f"expected at most the learning rate {number(start)}, where it begins, got {number(low)}"
        faults.add((*KEY, "schedule", "minimum"), message)


def training(draft: TrainingDraft, samples: int, faults: Faults) -> Training | None:
    """The training of so many samples, epochs multiplied out; None, and a fault, where they do not fit."""
    size = draft.batch_size
    if draft.batch_size_wrong:
        return None
    if size is None:
        size = samples
    if size > samples:
        none = ": with drop_last there would be no batch at all" if draft.drop_last else ""
        message = f"expected at most {samples:,}, as many as there are samples, got {size:,}{none}"
        faults.add((*KEY, "batch_size"), message)
        return None
    iterations = draft.iterations
    if draft.epochs is not None:
        batches = samples // size if draft.drop_last else -(-samples // size)
        iterations = draft.epochs * batches
        if iterations > schema.MAX_ITERATIONS:
            message = f"{draft.epochs:,} epochs of {count(batches, 'batch', 'es')} are too many: at most 10^18 updates"
            faults.add((*KEY, "epochs"), message)
            return None
    if draft.loss is None or draft.optimizer is None or iterations is None:
        return None
    return Training(
        draft.loss,
        draft.optimizer,
        iterations,
        size,
        shuffle=draft.shuffle,
        seed=draft.seed,
        drop_last=draft.drop_last,
        penalties=tuple(one.make() for one in draft.penalties),
        schedule=draft.schedule,
        clipping=draft.clipping,
        direction=draft.direction,
        input_noise=draft.input_noise,
    )
