"""The [data] table: a row of inputs and a row of targets per sample, written out, from a file, or made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.losses import LOSSES
from engine.scenario import schema
from engine.scenario.classes import Outputs, encode, label, output_names, told
from engine.scenario.data_draft import DataDraft
from engine.scenario.errors import At, Faults, Key
from engine.scenario.model import Array, frozen_array
from engine.scenario.tables import choose_name, convert, ragged
from engine.scenario.words import count, found, nearest, number, quoted, repeated

KEY: Key = ("data",)
_SHOWN = 6
"""As many numbers as an example in a message shows."""


def read_data(
    table: Mapping[str, Any] | None,
    inputs: int | None,
    outputs: int | None,
    loss: str | None,
    path: Path,
    faults: Faults,
) -> DataDraft:
    """What [data] says; all that is wrong with it goes to `faults`.

    The sizes and the loss are None where they could not be read. Files are looked for in the folder of `path`.
    """
    if table is None:
        return DataDraft()
    asked = Outputs(outputs, loss)
    sources = [name for name in ("csv", "set") if name in table]
    if not sources:
        return _inline(table, inputs, asked, faults)
    others = [*sources[1:], *(name for name in ("x", "y") if name in table)]
    for name in others:
        faults.add((*KEY, name), f"{sources[0]} gives the data already: keep one of them", At.KEY)
    got = convert({name: table[name] for name in table if name not in others}, schema.Data, KEY, faults, missing=False)
    named = _names(got.get("names"), faults)
    draft = DataDraft()
    if others:
        return draft
    if got.get("csv") is not None:
        from engine.scenario.csv_data import Wanted, read_csv

        draft = read_csv(got["csv"], Wanted(inputs, asked, named.get("outputs")), path, faults)
        if "class" not in got["csv"]:
            _rename(draft, named, inputs, outputs, faults)
            return draft
    elif got.get("set") is not None:
        draft = _made(got["set"], inputs, asked, named.get("outputs"), faults)
    _rename(draft, {name: value for name, value in named.items() if name == "inputs"}, inputs, outputs, faults)
    return draft


Names = dict[str, tuple[str, ...]]


def _names(table: Mapping[str, Any] | None, faults: Faults) -> Names:
    """What `names = { … }` calls the inputs and the outputs."""
    if table is None:
        return {}
    got = convert(table, schema.DataNames, (*KEY, "names"), faults, elsewhere=False)
    named: Names = {}
    for what, names in got.items():
        if names is None:
            continue
        twice = repeated(names)
        for index in twice:
            message = f"{quoted(names[index])} is named a second time: each needs its own"
            faults.add((*KEY, "names", what, index), message)
        if names and not twice:
            named[what] = tuple(names)
        elif not names:
            faults.add((*KEY, "names", what), f"an empty array: leave {what} out, or name each")
    return named


def _rename(draft: DataDraft, named: Names, inputs: int | None, outputs: int | None, faults: Faults) -> None:
    """Put the names in the draft, one per input and one per output."""
    for what, size in (("inputs", inputs), ("outputs", outputs)):
        names = named.get(what)
        if names is None or size is None:
            continue
        if len(names) != size:
            one = what.removesuffix("s")
            faults.add((*KEY, "names", what), f"expected a name per {one}, {size:,} in all, got {len(names):,}")
        elif what == "inputs":
            draft.input_names = names
        else:
            draft.output_names = names


def _inline(table: Mapping[str, Any], inputs: int | None, asked: Outputs, faults: Faults) -> DataDraft:
    table = dict(table)
    outputs, said = asked.units, set()
    words = table.get("y")
    by_name = isinstance(words, list) and any(isinstance(word, str) for word in words)
    classes = asked.loss is not None and LOSSES[asked.loss].targets == "distribution"
    if by_name:
        said.add("y")
    elif classes and outputs is not None and outputs > 1:
        index = _class_index(table.get("y"))
        if index is not None:
            faults.add((*KEY, "y"), _one_hot(index, outputs))
            said.add("y")
    for name, columns in (("x", inputs), ("y", outputs)):
        if name not in said and _is_flat(table.get(name)):
            faults.add((*KEY, name), _flat(table[name], columns))
            said.add(name)
    for name in said:
        table[name] = []
    elsewhere = not {"x", "y"} & set(table) and any(nearest(name, ("csv", "set")) for name in table)
    got = convert(table, schema.Data, KEY, faults, missing=not elsewhere)
    named = _names(got.get("names"), faults)
    draft = DataDraft()
    if elsewhere:
        return draft
    if "x" not in said:
        draft.x = _rows(got.get("x"), "x", faults)
    if by_name:
        _by_name(draft, words, named.pop("outputs", None), asked, faults)
    elif "y" not in said:
        draft.y = _rows(got.get("y"), "y", faults)
    _rename(draft, named, inputs, outputs, faults)
    return draft


def _by_name(draft: DataDraft, words: Any, names: tuple[str, ...] | None, asked: Outputs, faults: Faults) -> None:
    """Targets written as class names."""
    wrong = [(index, word) for index, word in enumerate(words) if not isinstance(word, str)]
    for index, word in wrong[:1]:
        faults.add((*KEY, "y", index), f"expected a class by name, like the others, got {found(word)}")
    if wrong:
        return
    if names is None and (faults.wrote(KEY, "names") or faults.wrote((*KEY, "names"), "outputs")):
        return
    if names is None:
        all_words = list(dict.fromkeys(words))
        listed = ", ".join(map(quoted, all_words[:_SHOWN])) + (", …" if len(all_words) > _SHOWN else "")
        message = "classes by name need an order: write, under [data], names = { outputs = [" + listed + "] }"
        faults.add((*KEY, "y"), message)
        return
    labels = label(words, names, lambda row: ((*KEY, "y", row), ""), faults)
    y = None if labels is None else encode(labels, len(names), asked, (*KEY, "names", "outputs"), faults)
    if y is None:
        return
    draft.y = frozen_array(y)
    draft.output_names = output_names(names, asked)
    draft.origin = told(names, asked)
    draft.target = lambda row, _: ((*KEY, "y", row), "")


def _made(
    value: Mapping[str, Any], inputs: int | None, asked: Outputs, names: tuple[str, ...] | None, faults: Faults
) -> DataDraft:
    """A data set that is made."""
    from engine.datasets import DATASETS, xor_table
    from engine.scenario import schema_options

    draft, key = DataDraft(), (*KEY, "set")
    name = choose_name(value, "name", {one: one for one in DATASETS}, "data set", key, faults)
    if name is None:
        return draft
    entry, corners = DATASETS[name], name == "xor" and "seed" not in value
    before = len(faults.found)
    if corners:
        for option in entry.options:
            if option in value:
                message = "without a seed xor is its four corners: write a seed, or leave this out"
                faults.add((*key, option), message, At.KEY)
    got = convert(value, schema_options.dataset(name, entry.options, not corners), key, faults, elsewhere=False)
    if len(faults.found) > before:
        return draft
    x, labels = xor_table() if corners else entry.draw(got["seed"], **{one: got[one] for one in entry.options})
    classes = got.get("classes", 2)
    if inputs is not None and inputs != x.shape[1]:
        faults.add(key, f"the network has {count(inputs, 'input')}, but a sample of {name} is {x.shape[1]} numbers")
    else:
        draft.x = frozen_array(x)
    if names is not None and len(names) != classes:
        message = f"{name} has {count(classes, 'class', 'es')}, but {count(len(names), 'name')} are given"
        faults.add((*KEY, "names", "outputs"), message)
        return draft
    y = encode(labels, classes, asked, key, faults)
    draft.y = None if y is None else frozen_array(y)
    draft.output_names = () if names is None else output_names(names, asked)
    told_options = [] if corners else [f"{one} {got[one]:g}" for one in entry.options] + [f"seed {got['seed']}"]
    draft.origin = ", ".join([name, *told_options])
    draft.target = lambda row, _: (key, "")
    return draft


def _rows(rows: list[list[float]] | None, name: str, faults: Faults) -> Array | None:
    if rows is None:
        return None
    if not rows or not rows[0]:
        faults.add((*KEY, name), "there are no numbers in it: write a row per sample, like [[0.4, 0.6]]")
        return None
    uneven = ragged(rows)
    if uneven:
        faults.add((*KEY, name, uneven[0]), uneven[1])
        return None
    return frozen_array(rows)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_flat(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_number, value))


def _flat(values: list[float], columns: int | None) -> str:
    shown = [number(value) for value in values[:_SHOWN]]
    more = ", …" if len(values) > _SHOWN else ""
    one_row = f"[[{', '.join(shown)}{more}]]"
    a_row_each = f"[{', '.join(f'[{value}]' for value in shown)}{more}]"
    message = "data are rows in an outer array, a row per sample: write "
    if columns == len(values):
        return message + one_row
    if columns == 1:
        return message + a_row_each
    return f"{message}{one_row} for one sample of {count(len(values), 'number')}"


def _class_index(y: object) -> int | None:
    """The first class number, where targets are class numbers rather than rows: 2, [2, 0] or [[2], [0]]."""
    if isinstance(y, int) and not isinstance(y, bool):
        return y
    if not isinstance(y, list) or not y:
        return None
    numbers = [row[0] if isinstance(row, list) and len(row) == 1 else row for row in y]
    if all(isinstance(value, int) and not isinstance(value, bool) for value in numbers):
        rows = any(isinstance(row, list) for row in y)
        # A flat row of zeros and a one is a one-hot row that lacks its outer brackets.
        if rows or not (sorted(numbers)[:-1] == [0] * (len(numbers) - 1) and max(numbers) == 1 and len(numbers) > 1):
            return int(numbers[0])
    return None


def _one_hot(index: int, outputs: int) -> str:
    def row(hot: int) -> str:
        return "[" + ", ".join("1" if place == hot else "0" for place in range(outputs)) + "]"

    message = f"a class is written as a one-hot row of {outputs:,} numbers, 1 for the right class and 0 for the others"
    if outputs > _SHOWN or not 0 <= index <= outputs:
        return f"{message}, not as a number"
    if index == 0:
        return f"{message}: instead of 0, write {row(0)} (counting classes from 0)"
    if index == outputs:
        return f"{message}: instead of {index}, write {row(index - 1)} (counting classes from 1)"
    return f"{message}: instead of {index}, write {row(index - 1)} if classes count from 1, {row(index)} if from 0"
