"""Walks too long to enumerate, epochs with a rest, and the states kept along the way."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from strategies import softmax_batch, softplus_network, with_training

from engine.address import AddressError
from engine.checkpoints import OVERHEAD, Checkpoints
from engine.plan import PlanError
from engine.scenario.limits import MAX_STEPS
from engine.scenario.model import Scenario
from engine.trace import Trace

STEPS = 34
"""Of one iteration of H3."""


def test_a_thousand_million_iterations_open_by_arithmetic() -> None:
    trace = Trace(softplus_network(10**9))
    assert len(trace) == 10**9 * STEPS
    last = trace.plan.place(len(trace) - 1)
    assert str(last.address) == "b[2][1]@1000000000"
    assert trace.index_of(trace.resolve("b[2][1]@1000000000")) == len(trace) - 1
    assert trace.index_of(trace.resolve("z[1][1]@999999999")) == (10**9 - 1) * STEPS
    middle = trace.plan.place(len(trace) // 2)
    assert (middle.k, str(middle.address)) == (500_000_000, "z[1][1]#1@500000000")
    assert not trace.losses_known()
    assert trace.distance(10**9) == 10**9


def test_walks_that_cannot_be_numbered_are_refused() -> None:
    most = MAX_STEPS // STEPS
    assert len(Trace(softplus_network(most))) == most * STEPS
    with pytest.raises(PlanError) as refused:
        Trace(softplus_network(most + 1))
    assert str(refused.value) == (
        f"{most + 1} iterations make a walk of {(most + 1) * STEPS} steps; expected at most 2^63 - 1"
    )


def sizes(given: Scenario) -> list[int]:
    batches = Trace(given).network.batches
    assert [len(batches.rows(k)) for k in range(given.training.iterations)] == [
        batches.size(k) for k in range(given.training.iterations)
    ]
    return [batches.size(k) for k in range(given.training.iterations)]


def test_the_last_batch_of_an_epoch_may_be_smaller() -> None:
    seven = with_training(softmax_batch(2), iterations=7)
    assert sizes(seven) == [2, 1, 2, 1, 2, 1, 2]
    assert sizes(with_training(seven, drop_last=True)) == [2] * 7
    assert sizes(with_training(seven, batch_size=3)) == [3] * 7
    assert sizes(with_training(seven, batch_size=1)) == [1] * 7
    rows = Trace(seven).network.batches.rows
    assert [rows(k).tolist() for k in range(4)] == [[0, 1], [2], [0, 1], [2]]
    dropped = Trace(with_training(seven, drop_last=True)).network.batches.rows
    assert [dropped(k).tolist() for k in range(3)] == [[0, 1]] * 3


def test_steps_of_partial_batches_are_fewer() -> None:
    plan = Trace(with_training(softmax_batch(2), iterations=5)).plan
    full, partial = plan.start(1), plan.start(2) - plan.start(1)
    assert full > partial
    assert [plan.start(k) for k in range(6)] == [
        0, full, full + partial, 2 * full + partial, 2 * (full + partial), 3 * full + 2 * partial,
    ]  # fmt: skip
    assert plan.steps == plan.start(5)
    for k in range(5):
        for step in (plan.start(k), plan.start(k + 1) - 1):
            assert plan.k_of(step) == k
    assert [phase.value for phase, _, _ in plan.phases(1)] == ["forward", "loss", "backward", "update"]
    for (_, _, after), (_, first, _) in itertools.pairwise(plan.phases(1)):
        assert after == first
    trace = Trace(with_training(softmax_batch(2), iterations=5))
    with pytest.raises(AddressError, match=r"a\[1\]\[1\]#2@1'?: there is no sample 2; the batch has 1"):
        trace.resolve("a[1][1]#2@1")
    with pytest.raises(AddressError, match="has no step: the batch of iteration 2 has 1 samples"):
        trace.index_of(trace.resolve("a[1][1]#2"), k=1)


def test_no_iteration_is_a_walk_without_steps() -> None:
    trace = Trace(softplus_network(0))
    assert len(trace) == 0
    assert list(trace) == []
    assert trace.value(trace.resolve("a[2]")).shape == (1, 1)
    with pytest.raises(AddressError, match="this walk has no iteration"):
        trace.index_of(trace.resolve("loss"))


def filled(most: int, until: int) -> Checkpoints:
    start = np.zeros(4)
    kept = Checkpoints(start, most * (start.nbytes + OVERHEAD))
    for k in range(1, until + 1):
        kept.add(k, np.full(4, float(k)))
    return kept


@pytest.mark.parametrize("most", [2, 3, 8, 9])
def test_checkpoints_double_their_spacing_within_the_budget(most: int) -> None:
    for until in range(200):
        kept = filled(most, until)
        assert len(kept) <= most
        assert kept.spacing in (1, 2, 4, 8, 16, 32, 64, 128)
        # no wider than it need be: at half the spacing they would not fit
        assert kept.spacing == 1 or until // (kept.spacing // 2) + 1 > most
        for k in range(0, until + 1, 7):
            base, vector = kept.nearest(k)
            assert base == k - k % kept.spacing
            assert vector.tolist() == [float(base)] * 4


def test_checkpoints_beyond_what_was_explored_are_the_last() -> None:
    kept = filled(8, 30)
    assert kept.spacing == 4
    assert kept.nearest(10**12)[0] == 28
    assert kept.nearest(0)[0] == 0


def test_a_checkpoint_added_again_changes_nothing() -> None:
    kept = filled(8, 30)
    before = len(kept)
    for k in range(31):
        kept.add(k, np.full(4, float(k)))
    assert len(kept) == before
    assert kept.nearest(10**12)[0] == 28


def test_a_trace_needs_no_more_replay_than_its_spacing() -> None:
    trace = Trace(softplus_network(1000), checkpoint_bytes=10 * (9 * 8 + OVERHEAD))
    trace.state(1000)
    spacing = trace._checkpoints.spacing
    assert spacing == 128
    assert len(trace._checkpoints) <= 10
    trace._segment.clear()
    assert {trace.distance(k) for k in range(1001)} == set(range(128))
