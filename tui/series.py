"""The curves of a walk as numbers: filled by a worker while the screen reads what is there.

The loss is known at every iteration the trace has run. What needs a record (sizes of gradients and activations, the
parts of the loss) is taken at most SAMPLED times, evenly spaced, so that it costs little beside the run itself. Rows
are written before their count goes up and never change after, so readers need no lock and never wait.
"""

from __future__ import annotations

from threading import Lock

import numpy as np
from numpy.typing import NDArray

from engine.address import Address
from engine.scenario.model import Array
from engine.trace import Progress, Trace

SAMPLED = 1_000
"""Records taken of a long walk: more than a screen has columns of dots."""

Ks = NDArray[np.int64]

SIZES = ("rms_dW", "rms_a")
"""What is kept for each layer."""
PARTS = ("data_loss", "penalty")
"""What the loss is made of, where a scenario has penalties."""


class Series:
    """Loss and sizes over the records @0 … of one trace."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.iterations = trace.plan.iterations
        count = min(self.iterations, SAMPLED)
        # whole numbers: a float has not the digits of the longest walk
        self._ks: Ks = np.array([i * (self.iterations - 1) // max(1, count - 1) for i in range(count)], dtype=np.int64)
        self._layers = {
            name: tuple(
                layer for layer in range(1, trace.network.depth + 1) if (name, layer) in trace.network.catalogue
            )
            for name in SIZES
        }
        self.penalised = ("penalty", None) in trace.network.catalogue
        self._sampled: dict[str, Array] = {name: np.empty((count, len(self._layers[name]))) for name in SIZES}
        self._sampled |= {name: np.empty((count, 1)) for name in (("loss", *PARTS) if self.penalised else ("loss",))}
        self._count = 0
        self._known = -1
        self._losses = np.empty(0)
        self._loss_ks: Ks = np.empty(0, dtype=np.int64)
        self._filling = Lock()
        self._reading = Lock()

    # filling

    def extend(self, upto_k: int, progress: Progress | None = None) -> bool:
        """Fill in everything up to record @`upto_k`, cut to the walk; False if `progress` stopped it.

        For a worker's thread. A second call meanwhile waits for the first, and computes nothing twice.
        """
        upto = min(upto_k, self.iterations - 1)
        with self._filling:
            while self._count < len(self._ks) and self._ks[self._count] <= upto:
                k = int(self._ks[self._count])
                if not self._run(k, progress):
                    return False
                self._write(k)
            if self._known < upto:
                # a loss stands when its record does: that of @k comes with the update to @k + 1
                if not self._run(upto, progress):
                    return False
                self._known = upto
        return True

    def _run(self, k: int, progress: Progress | None) -> bool:
        """Reach state @k + 1, and with it the losses of all records up to @k."""
        known = len(self.trace.losses_known())
        if k < known:
            return progress is None or progress(k)
        return self.trace.reach(k + 1, progress) and (progress is None or progress(k))

    def _write(self, k: int) -> None:
        made = self.trace.record(k)
        row = self._count
        for name in SIZES:
            self._sampled[name][row] = [float(made[name, layer]) for layer in self._layers[name]]
        for name in self._sampled.keys() - set(SIZES):
            array = made[name, None]
            self._sampled[name][row] = array.sum() if name == "data_loss" else array
        self._known = max(self._known, k)
        self._count = row + 1

    # reading

    @property
    def known(self) -> int:
        """The last k filled in; −1 before the first."""
        return self._known

    @property
    def complete(self) -> bool:
        return self._known >= self.iterations - 1

    def layers(self, name: str) -> tuple[int, ...]:
        """The layers a size is kept for: the columns of `sizes`."""
        return self._layers[name]

    def loss(self) -> tuple[Ks, Array]:
        """Every k whose loss is known, ascending, and its loss. Of the longest walks the later ones are sampled."""
        with self._reading:
            known = self.trace.losses_known()
            if len(known) > len(self._losses):
                # a slice is a copy: a view would forbid the trace to grow its array
                self._losses = np.concatenate([self._losses, np.array(known[len(self._losses) :])])
                self._loss_ks = np.arange(len(self._losses), dtype=np.int64)
            # the record after the last update has a loss too, but no iteration
            ks, losses = self._loss_ks[: self.iterations], self._losses[: self.iterations]
        later, values = self._read("loss")
        beyond = later >= len(losses)
        if beyond.any():
            ks, losses = np.concatenate([ks, later[beyond]]), np.concatenate([losses, values[beyond, 0]])
        ks.flags.writeable = losses.flags.writeable = False
        return ks, losses

    def part(self, name: str) -> tuple[Ks, Array]:
        """`data_loss` or `penalty` at the sampled iterations; empty where the scenario has no penalty."""
        if name not in self._sampled:
            return self._ks[:0], np.empty(0)
        ks, values = self._read(name)
        return ks, values[:, 0]

    def sizes(self, name: str) -> tuple[Ks, Array]:
        """`rms_dW` or `rms_a` at the sampled iterations: ks of shape (n,), values of shape (n, layers)."""
        return self._read(name)

    def _read(self, name: str) -> tuple[Ks, Array]:
        count = self._count
        ks, values = self._ks[:count], self._sampled[name][:count]
        ks.flags.writeable = values.flags.writeable = False
        return ks, values

    @property
    def diverged(self) -> int | None:
        """The first k, of those computed, whose loss or next state is not finite."""
        return self.trace.diverged

    def at(self, name: str, layer: int | None, k: int) -> float:
        """The number at one iteration, exactly; runs the trace there if need be."""
        if name == "loss":
            return self.trace.loss(k)
        return float(self.trace.value(Address(name, layer, k=k)))
