"""Classes by name, and the targets that stand for them: one-hot rows, or one column for two classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.losses import LOSSES
from engine.scenario import limits
from engine.scenario.errors import Faults, Key
from engine.scenario.model import Array
from engine.scenario.words import count, instead, quoted

_SAID = 8
"""As many unknown classes as are named one by one."""
Labels = NDArray[np.intp]


class Outputs(Struct, frozen=True):
    """What the network and the loss ask of targets; None for what could not be read."""

    units: int | None
    loss: str | None

    @property
    def signs(self) -> bool:
        """Whether the targets are −1 and 1 rather than 0 and 1."""
        return self.loss is not None and LOSSES[self.loss].targets == "signs"


def label(
    words: Sequence[str], names: Sequence[str], place: Callable[[int], tuple[Key, str]], faults: Faults
) -> Labels | None:
    """The number of each class from 0; None, and a fault for each of the first unknown words, where there is one."""
    number = {name: index for index, name in enumerate(names)}
    unknown: dict[str, int] = {}
    for index, word in enumerate(words):
        if word not in number:
            unknown.setdefault(word, index)
    for word, index in list(unknown.items())[:_SAID]:
        key, where = place(index)
        faults.add(key, f"{where}unknown class {quoted(word)}: {instead(word, names)}")
    if len(unknown) > _SAID:
        key, where = place(list(unknown.values())[_SAID])
        faults.add(key, f"{where}here and below, {count(len(unknown) - _SAID, 'more word')} that name no class")
    return None if unknown else np.array([number[word] for word in words], dtype=np.intp)


def encode(labels: Labels, classes: int, outputs: Outputs, key: Key, faults: Faults, hint: str = "") -> Array | None:
    """A row of targets per label; None, and a fault, where the last layer has not the units for it."""
    units = outputs.units
    if units is None:
        return None
    if classes == 1:
        faults.add(key, f"there is one class alone, and so nothing to tell apart{hint}")
        return None
    if units != classes and (units, classes) != (1, 2):
        wanted = "1 or 2 units" if classes == 2 else count(classes, "unit")
        message = f"{count(classes, 'class', 'es')} need {wanted} in the last layer, which has {units:,}"
        faults.add(key, message + hint)
        return None
    if len(labels) * units > limits.MAX_DATA_NUMBERS:
        total = count(len(labels) * units, "number")
        faults.add(key, f"the targets are {total}: at most {limits.MAX_DATA_NUMBERS:,}")
        return None
    if units == 1:
        rows = labels[:, None].astype(np.float64)
    else:
        rows = np.zeros((len(labels), units))
        rows[np.arange(len(labels)), labels] = 1.0
    return 2.0 * rows - 1.0 if outputs.signs else rows


def told(names: Sequence[str], outputs: Outputs) -> str:
    """How classes are written in one column, for people; nothing where each has its own."""
    if outputs.units != 1:
        return ""
    low, high = (-1, 1) if outputs.signs else (0, 1)
    return f"{names[0]} as {low}, {names[1]} as {high}"


def output_names(names: Sequence[str], outputs: Outputs) -> tuple[str, ...]:
    """What the units of the last layer are called: one unit by the class that it says 1 for."""
    return tuple(names[1:]) if outputs.units == 1 and len(names) == 2 else tuple(names)
