"""What a small network's iterations are given beside its state: rows of the data, draws, as tuples of floats."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from engine.network import Network

Given = tuple[float, ...]


class Feed:
    """The numbers given to each iteration, in the order of `engine.scalar.generate.given_keys`."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._samples: dict[int, tuple[list[float], list[float]]] = {}
        """Rows of the data that have been met: inputs and targets."""
        self._kept: dict[int, Given] = {}
        """Of the batches of an epoch, where every epoch has the same."""
        self._shuffled: tuple[int, list[int]] = (-1, [])
        """An epoch and its order of the rows."""
        self._lock = Lock()

    def __call__(self, k: int, stop: int) -> Sequence[Given]:
        """What the iterations from state @k to state @stop are given."""
        network = self._network
        with self._lock:
            if network.draws or network.update.listed:
                return [self._whole(at) for at in range(k, stop)]
            if network.batches.same and network.batches.per_epoch == 1:
                return [self._rows(0)] * (stop - k)
            return [self._rows(at) for at in range(k, stop)]

    def _whole(self, k: int) -> Given:
        """Data, draws and the rate of one iteration."""
        network = self._network
        samples = network.batches.size(k)
        drawn = [number for stage in network.draws for number in stage.drawn(k, samples).ravel().tolist()]
        eta = [network.learning_rate(k)] if network.update.listed else []
        return (*self._rows(k), *drawn, *eta)

    def _rows(self, k: int) -> Given:
        batches = self._network.batches
        epoch, place = divmod(k, batches.per_epoch)
        if batches.same and place in self._kept:
            return self._kept[place]
        if batches.same:
            rows: list[int] = batches.rows(place).tolist()
            given = self._flat(rows)
            self._kept[place] = given
            return given
        if epoch != self._shuffled[0]:
            self._shuffled = (epoch, batches.order(epoch).tolist())
        start = place * batches.largest
        return self._flat(self._shuffled[1][start : start + batches.size(k)])

    def _flat(self, rows: list[int]) -> Given:
        samples = [self._samples.get(row) or self._sample(row) for row in rows]
        return (*(v for x, _ in samples for v in x), *(v for _, y in samples for v in y))

    def _sample(self, row: int) -> tuple[list[float], list[float]]:
        scenario = self._network.scenario
        sample = self._samples[row] = (scenario.x[row].tolist(), scenario.y[row].tolist())
        return sample
