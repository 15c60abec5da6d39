"""The numbers curves are drawn from: the trace's own, filled step by step, never twice."""

from __future__ import annotations

from threading import Event, Thread

import numpy as np
import pytest
from scenes import net, shipped

import engine.trace
from engine.address import Address
from engine.scenario.model import Scenario
from engine.structs import replace
from engine.trace import Trace
from tui import series as module
from tui.series import Series


def long(iterations: int) -> Scenario:
    scenario = shipped("softplus")
    return replace(scenario, training=replace(scenario.training, iterations=iterations))


@pytest.mark.parametrize(
    "name", ["softplus", "l2_shrinks", "deep_sigmoid", "moons", "shared_weights", "softmax_ascent"]
)
def test_every_number_is_the_traces_own(name: str) -> None:
    series = Series(Trace(shipped(name)))
    assert series.extend(10**9)
    again = Trace(shipped(name))
    assert series.complete
    assert series.known == series.iterations - 1
    ks, losses = series.loss()
    assert ks.tolist() == list(range(series.iterations))
    assert [again.value(Address("loss", k=k)).tobytes() for k in range(len(ks))] == [x.tobytes() for x in losses]
    for size in module.SIZES:
        ks, values = series.sizes(size)
        assert values.shape == (len(ks), len(series.layers(size)))
        for row, k in enumerate(ks):
            for column, layer in enumerate(series.layers(size)):
                assert values[row, column].tobytes() == again.value(Address(size, layer, k=int(k))).tobytes()
    for part in module.PARTS:
        ks, values = series.part(part)
        assert len(ks) == (series.iterations if series.penalised else 0)
        assert [again.value(Address(part, k=int(k))).tobytes() for k in ks] == [x.tobytes() for x in values]


def test_a_long_walk_is_sampled_evenly_from_end_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAMPLED", 20)
    series = Series(Trace(long(500)))
    series.extend(10**9)
    ks, _ = series.sizes("rms_a")
    assert (ks[0], ks[-1], len(ks)) == (0, 499, 20)
    assert set(np.diff(ks)) <= {26, 27}
    assert len(series.loss()[0]) == 500


def test_losses_the_trace_no_longer_keeps_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAMPLED", 10)
    monkeypatch.setattr(engine.trace, "LOSSES_KEPT", 50)
    series = Series(Trace(long(200)))
    series.extend(10**9)
    ks, losses = series.loss()
    assert ks.tolist() == [*range(50), *(i * 199 // 9 for i in range(3, 10))]
    again = Trace(long(200))
    assert losses[-1] == again.record(199).loss


def test_nothing_known_is_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    trace = Trace(net(2, 3, 1, iterations=40))
    real = trace.runner.record
    monkeypatch.setattr(trace.runner, "record", lambda state: made.append(state.k) or real(state))
    series = Series(trace)
    series.extend(19)
    series.extend(10**9)
    series.extend(10**9)
    # the run towards each update makes its record, so none had to be made for the curves
    assert made == []
    assert series.known == 39


def test_filling_stops_when_told_and_goes_on_where_it_stopped() -> None:
    series = Series(Trace(long(300)))
    seen: list[int] = []

    def progress(k: int) -> bool:
        seen.append(k)
        return len(seen) < 10

    assert not series.extend(10**9, progress)
    assert 0 < series.known < 299
    stopped = series.known
    before = series.sizes("rms_dW")[1].copy()
    assert series.extend(10**9)
    assert series.sizes("rms_dW")[1][: stopped + 1].tobytes() == before.tobytes()
    assert series.known == 299


def test_only_as_far_as_asked() -> None:
    series = Series(Trace(long(300)))
    assert series.known == -1
    assert len(series.loss()[0]) == len(series.sizes("rms_a")[0]) == 0
    series.extend(9)
    assert series.known == 9
    assert series.sizes("rms_a")[0].tolist() == list(range(10))
    assert not series.complete


def test_a_reader_sees_whole_rows_while_a_worker_fills() -> None:
    series = Series(Trace(long(400)))
    done = Event()

    def fill() -> None:
        series.extend(10**9)
        done.set()

    worker = Thread(target=fill)
    worker.start()
    seen: list[bytes] = [b""]
    while not done.is_set():
        ks, values = series.sizes("rms_dW")
        assert len(ks) == len(values)
        if values.tobytes() != seen[-1]:
            seen.append(values.tobytes())
        assert np.isfinite(series.loss()[1]).all()
    worker.join()
    assert series.complete
    whole = series.sizes("rms_dW")[1].tobytes()
    assert all(whole.startswith(early) for early in seen)


def test_what_is_handed_out_is_read_only() -> None:
    series = Series(Trace(long(5)))
    series.extend(10)
    for array in (*series.sizes("rms_a"), *series.loss()):
        assert not array.flags.writeable


def test_divergence_is_told() -> None:
    series = Series(Trace(net(1, 1, activation="identity", iterations=600, rate=50.0)))
    assert series.diverged is None
    series.extend(10**9)
    assert series.diverged is not None
    assert not np.isfinite(series.loss()[1][series.diverged + 1])
    assert np.isfinite(series.loss()[1][: series.diverged]).all()


def test_one_iteration() -> None:
    series = Series(Trace(long(1)))
    assert series.extend(0)
    assert series.complete
    assert series.loss()[0].tolist() == series.sizes("rms_dW")[0].tolist() == [0]
