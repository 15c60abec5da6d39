"""Units that are one and the same, and layers at which no gradient arrives.

Two units of a hidden layer are *identical* if exchanging them changes nothing: the same weights in, the same weights
out, the same bias, scale, shift and optimizer slots. A network that an exchange leaves unchanged gets a gradient that
the exchange leaves unchanged too, so such units stay identical for ever: they do the work of one. Only what treats
them differently breaks the tie: another start, or a dropout that draws for each unit on its own.
(Goodfellow, Bengio & Courville 2016, section 8.4.)

That is a theorem of exact arithmetic. In float64 a sum added in another order may round otherwise, and the units part
in their last digit. So the units of a softmax layer are not claimed (each δ there is a sum in an order of its own), and
neither is a group whose gradients differ in any bit in the record at hand. What BLAS makes of larger products stays
beyond this: see `engine.products`.

Only exchanges within one layer are looked for, so units may be alike by symmetries that are not found here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from engine.network import Network
from engine.quantity import Key
from engine.scenario.model import Array
from engine.trace import Trace

Units = tuple[int, ...]
"""Numbers of units, from 1, ascending."""


def identical_units(trace: Trace, k: int) -> dict[int, list[Units]]:
    """Layer → groups of two or more units that are identical at state @k and stay so.

    Only hidden layers that have such units are in it. All comparisons are bit by bit.
    """
    groups = {layer: _groups(trace, layer, k) for layer in range(1, trace.network.depth)}
    return {layer: found for layer, found in groups.items() if found}


def _groups(trace: Trace, layer: int, k: int) -> list[Units]:
    network = trace.network
    dropout = network.scenario.layers[layer - 1].dropout
    if (dropout is not None and dropout.rate > 0.0) or ("jacobian", layer) in network.catalogue:
        return []
    axes = _axes(network, layer)
    if axes is None:
        return []
    state, record = trace.state(k), trace.record(k)
    gradients = [(key, record[f"d{key[0]}", key[1]]) for key in network.parameters]
    marks = [bits(record["delta", layer][:, unit]) for unit in range(network.sizes[layer])]
    for key, array in [*state.items(), *gradients]:
        axis = _axis(key, array, layer, axes)
        if axis is not None:
            marks = [mark + bits(np.take(array, unit, axis)) for unit, mark in enumerate(marks)]
    alike: dict[bytes, list[int]] = {}
    for unit, mark in enumerate(marks, start=1):
        alike.setdefault(mark, []).append(unit)
    return [tuple(units) for units in alike.values() if len(units) > 1]


def bits(values: Array) -> bytes:
    """The numbers bit by bit; a NaN is a NaN, whatever else its bits say."""
    return np.where(np.isnan(values), np.nan, values).tobytes()


def _axes(network: Network, layer: int) -> dict[int, int] | None:
    """Owner of each W that the units of `layer` meet → the axis on which they lie.

    None where a shared W would have to be changed in one use and not in another, or on both its axes: then an exchange
    of two units is not an exchange of rows or columns of it.
    """
    axes: dict[int, set[int | None]] = {}
    for use, dense in network.dense.items():
        owner = dense.owner or use
        axis: int | None = None
        if use == layer:
            axis = 1 if dense.transposed else 0
        elif use == layer + 1:
            axis = 0 if dense.transposed else 1
        axes.setdefault(owner, set()).add(axis)
    met: dict[int, int] = {}
    for owner, found in axes.items():
        if found == {None}:
            continue
        axis = found.pop()
        if found or axis is None:
            return None
        met[owner] = axis
    return met


def _axis(key: Key, array: Array, layer: int, axes: Mapping[int, int]) -> int | None:
    """The axis of an array of the state along which the units of `layer` lie; None where they do not."""
    if array.ndim == 2:
        return axes.get(key[1] or 0)
    return 0 if array.ndim == 1 and key[1] == layer else None


def statement(layer: int, units: Units, of: int = 0) -> str:
    """What is to be said of a group; `of` is the number of units of the layer, where that is worth saying."""
    who = "All units" if len(units) == of else f"Units {_listed(units)}"
    return (
        f"{who} of layer {layer} are identical: same weights in, same weights out, so they get the same gradient in"
        " every update and stay identical for ever."
    )


def statements(trace: Trace, k: int) -> list[str]:
    """A sentence for every group of identical units at state @k, then one for every layer that is stuck there."""
    alike = [statement(layer, units) for layer, groups in identical_units(trace, k).items() for units in groups]
    return [*alike, *(found.sentence for found in stuck(trace, k).values())]


def _listed(units: Sequence[int]) -> str:
    """1–4, 6 and 8–9."""
    runs: list[list[int]] = []
    for unit in units:
        if runs and unit == runs[-1][-1] + 1:
            runs[-1].append(unit)
        else:
            runs.append([unit])
    parts: list[str] = []
    for run in runs:
        parts += [f"{run[0]}–{run[-1]}"] if len(run) > 2 else [str(unit) for unit in run]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


class Stuck(Struct, frozen=True):
    """A layer none of whose parameters has a gradient in one record."""

    layer: int
    reason: str
    """For people, to follow "because"."""

    @property
    def sentence(self) -> str:
        return f"Every gradient of layer {self.layer} is exactly 0, because {self.reason}."


def stuck(trace: Trace, k: int) -> dict[int, Stuck]:
    """Layer → why all its gradients of record @k are exactly zero; layers with any other gradient are not in it."""
    network, record = trace.network, trace.record(k)
    found: dict[int, Stuck] = {}
    for layer in range(1, network.depth + 1):
        names = [name for name, of in network.parameters if of == layer]
        if names and all(not record[f"d{name}", layer].any() for name in names):
            found[layer] = Stuck(layer, _reason(trace, layer, k))
    return found


def _reason(trace: Trace, layer: int, k: int) -> str:
    network, record = trace.network, trace.record(k)
    dense = network.dense[layer]
    if record["delta", layer].any():
        if not record[dense.below].any():
            also = ", and the samples' parts of its biases cancel" if ("b", layer) in network.parameters else ""
            return f"everything it receives is 0{also}"
        return "the parts of its samples cancel"
    if layer < network.depth:
        above = network.dense[layer + 1]
        if not above.matrix(trace.state(k)).any():
            return f"every weight out of it, to layer {layer + 1}, is 0: δ does not come back through them"
        if not record["delta", layer + 1].any():
            return f"the δ of layer {layer + 1} is 0 already"
        name, _ = above.below
        if not record[f"d{name}", layer].any():
            return f"what comes back to {name}[{layer}] cancels"
        if ("mask", layer) in network.catalogue and not record["mask", layer].any():
            return "dropout has left out every unit of it"
    return _flat(trace, layer, k)


def _flat(trace: Trace, layer: int, k: int) -> str:
    """Why nothing passes the activation of a layer."""
    network, record = trace.network, trace.record(k)
    activation = network.scenario.layers[layer - 1].activation
    reads = record[network.activation_reads(layer), layer]
    if activation == "relu" and (reads <= 0.0).all():
        return "every unit is dead: each z is ≤ 0 for every sample, where the slope of relu is 0"
    if ("fprime", layer) in network.catalogue and not record["fprime", layer].any():
        return f"the slope of {activation} is 0 at every z"
    if layer == network.depth and not record["da", layer].any():
        return "∂L/∂ŷ is 0 for every sample: the loss does not change with the outputs"
    return "what comes back meets a factor 0 in every unit"
