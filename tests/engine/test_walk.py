"""The walk: every step once, in order, explained, and the same however it is reached."""

from __future__ import annotations

import itertools
import math
import random
import struct
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples, scenarios, softmax_batch, softplus_network, valid_losses, with_training, zero_network

import engine.trace
from engine.explain import explain
from engine.formula.evaluate import agrees, evaluate, scale
from engine.formula.nodes import Add, Num
from engine.iterate import iterate, record
from engine.losses import LOSSES
from engine.network import Network
from engine.plan import Granularity
from engine.quantity import Kind, Phase
from engine.scenario.model import Optimizer, Scenario
from engine.trace import RECORDS_KEPT, Trace

PHASES = list(Phase)
EXPLAINED = 250
"""Steps explained per example: enough to meet every quantity, few enough for many examples."""


def chosen(trace: Trace, most: int = EXPLAINED) -> list[int]:
    """Steps to look at closely: all, or the first and last of every array and some in between."""
    if len(trace) <= most:
        return list(range(len(trace)))
    generator = random.Random(len(trace))
    k = generator.randrange(trace.plan.iterations)
    first, after = trace.plan.start(k), trace.plan.start(k + 1)
    steps = {generator.randrange(len(trace)) for _ in range(most // 2)}
    while first < after:
        group = trace.plan.group(first, Granularity.QUANTITY)
        steps |= {group[0], group[1] - 1}
        first = group[1]
    return sorted(steps)


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


@examples(40)
@given(scenarios())
def test_every_explanation_gives_the_value_recorded(given: Scenario) -> None:
    trace = Trace(given)
    for index in chosen(trace):
        explanation = explain(trace, index)
        assert bits(explanation.left.value) == bits(explanation.step.value)
        assert agrees(explanation.tree, explanation.step.value), (str(explanation.step.address), explanation.tree)


@examples(30)
@given(scenarios(activations=["sigmoid", "softmax", "tanh"]))
def test_the_long_way_leads_to_the_same_number(given: Scenario) -> None:
    trace = Trace(given)
    for index in chosen(trace, 60):
        explanation = explain(trace, index)
        for equation in explanation.long_way:
            left, right = equation.left.value, evaluate(equation.right)
            assert abs(left - right) <= 1e-9 * max(scale(equation.right), 1.0), str(equation.left.address)


@examples(30)
@given(scenarios())
def test_every_step_is_visited_once_in_the_order_of_the_phases(given: Scenario) -> None:
    trace = Trace(given)
    visited = [trace.plan.place(index) for index in range(len(trace))]
    assert [place.k for place in visited] == sorted(place.k for place in visited)
    for k, places in itertools.groupby(visited, key=lambda place: place.k):
        phases = [PHASES.index(place.quantity.phase) for place in places]
        assert phases == sorted(phases), k
    expected = set()
    for k in range(given.training.iterations):
        for quantity in trace.network.walk:
            at = k + 1 if quantity.kind is Kind.STATE else k
            samples = range(1, len(trace.network.batches.rows(k)) + 1) if quantity.per_sample else [None]
            units = list(itertools.product(*(range(1, size + 1) for size in quantity.shape)))
            expected |= {(quantity.name, quantity.layer, unit, sample, at) for sample in samples for unit in units}
    addresses = [
        (place.address.name, place.address.layer, place.address.unit, place.address.sample, place.address.k)
        for place in visited
    ]
    assert len(addresses) == len(set(addresses))
    assert set(addresses) == expected


@examples(30)
@given(scenarios())
def test_addresses_and_steps_lead_to_each_other(given: Scenario) -> None:
    trace = Trace(given)
    for index in range(len(trace)):
        address = trace.plan.place(index).address
        assert trace.index_of(address) == index
        assert trace.resolve(str(address)) == address
    for index in chosen(trace, 40):
        step = trace[index]
        assert bits(step.value) == bits(float(trace.value(step.address)))
        if step.row is not None:
            row = given.x[step.row - 1]
            inputs = trace.value(trace.resolve(f"x#{step.address.sample}@{step.place.k}"))
            assert inputs.tolist() == row.tolist()


@examples(20)
@given(scenarios())
def test_granularities_group_the_walk_without_gaps(given: Scenario) -> None:
    plan = Trace(given).plan
    for granularity in Granularity:
        starts = [0]
        while starts[-1] < plan.steps:
            first, after = plan.group(starts[-1], granularity)
            assert first == starts[-1]
            assert first < after
            for inside in {first, (first + after) // 2, after - 1}:
                assert plan.group(inside, granularity) == (first, after)
            starts.append(after)
        assert starts.pop() == plan.steps
        for here, there in itertools.pairwise(starts):
            assert plan.after(here, granularity) == there
            assert plan.before(there, granularity) == here
            # from the middle of a group, back is to its start
            assert plan.before(there - 1, granularity) == (here if there - 1 > here else plan.before(here, granularity))
        assert plan.before(0, granularity) == 0
        assert plan.after(starts[-1], granularity) == plan.steps - 1


def test_granularities_of_one_iteration() -> None:
    plan = Trace(softplus_network(1)).plan
    starts = {}
    for granularity in Granularity:
        step, starts[granularity.name] = 0, []
        while step < plan.steps:
            starts[granularity.name].append(str(plan.place(step).address))
            step = plan.group(step, granularity)[1]
    assert starts["ITERATION"] == ["z[1][1]#1@0"]
    assert starts["PHASE"] == ["z[1][1]#1@0", "loss@0", "da[2][1]#1@0", "W[1][1,1]@1"]
    assert starts["LAYER"] == [
        "z[1][1]#1@0", "z[2][1]#1@0", "loss@0", "da[2][1]#1@0", "da[1][1]#1@0", "W[1][1,1]@1", "W[2][1,1]@1",
    ]  # fmt: skip
    assert len(starts["QUANTITY"]) == 5 + 5 + 5 + 4
    assert "dW[1][2,1]@0" in starts["UNIT"]
    assert "dW[1][2,2]@0" not in starts["UNIT"]
    assert len(starts["STEP"]) == 34


@examples(15)
@given(scenarios(max_layers=3, max_units=4), st.randoms(use_true_random=False))
def test_values_are_bit_identical_however_they_are_reached(given: Scenario, generator: random.Random) -> None:
    long = with_training(given, iterations=25)
    forwards = Trace(long)
    indices = sorted(generator.sample(range(len(forwards)), min(60, len(forwards))))
    expected = [bits(forwards[index].value) for index in indices]
    states = [forwards.state(k).vector.tobytes() for k in range(26)]

    # two checkpoints and two states kept: almost everything is replayed
    with patch.object(engine.trace, "SEGMENT_BYTES", 1), patch.object(engine.trace, "RECORDS_KEPT", 1):
        evicting = Trace(long, checkpoint_bytes=1)
        backwards = [bits(evicting[index].value) for index in reversed(indices)]
        assert backwards[::-1] == expected
        jumps = list(range(len(indices)))
        generator.shuffle(jumps)
        jumping = Trace(long, checkpoint_bytes=1)
        assert [bits(jumping[indices[place]].value) for place in jumps] == [expected[place] for place in jumps]
        for k in generator.sample(range(26), 26):
            assert jumping.state(k).vector.tobytes() == states[k]
    last = Trace(long)
    assert bits(last[indices[-1]].value) == expected[-1]
    assert bits(last[indices[0]].value) == expected[0]


@examples(30)
@given(scenarios())
def test_the_samples_parts_sum_to_the_whole(given: Scenario) -> None:
    trace = Trace(given)
    for k in range(given.training.iterations + 1):
        size = len(trace.network.batches.rows(k))

        def summed(name: str, k: int = k, size: int = size) -> np.ndarray:
            return sum(trace.value(trace.resolve(f"{name}#{sample}@{k}")) for sample in range(1, size + 1))

        parts = trace.record(k)["data_loss", None]
        assert parts.shape == (size,)
        # without a sample the data's part is one number
        assert trace.value(trace.resolve(f"data_loss@{k}")).tolist() == parts.sum()
        loss = float(trace.value(trace.resolve(f"loss@{k}")))
        if not np.isfinite(trace.state(k).vector).all() or not abs(loss) < 1e100:
            return
        penalty = 0.0
        if ("penalty", None) in trace.network.catalogue:
            penalty = float(trace.value(trace.resolve(f"penalty@{k}")))
            penalty = -penalty if given.training.direction == "maximise" else penalty
        close = abs(float(summed("data_loss")) + penalty - loss) <= 1e-13 * (np.abs(parts).sum() + abs(penalty))
        assert close
        assert trace.loss(k) == loss
        for name, number in trace.network.parameters:
            if name not in ("W", "b"):
                continue
            # with a penalty the samples' terms make the data's part
            apart = (f"d{name}_data", number) in trace.network.catalogue
            gradient = f"d{name}{'_data' if apart else ''}[{number}]"
            whole = trace.value(trace.resolve(f"{gradient}@{k}"))
            # terms may cancel: what counts is their size, not their sum's
            terms = [np.abs(trace.value(trace.resolve(f"{gradient}#{sample}@{k}"))) for sample in range(1, size + 1)]
            if whole.shape == ():
                # a shared bias: its term is itself a sum, over units
                terms = [np.abs(trace.record(k)["delta", number]).sum()]
            if not np.isfinite(terms).all():
                return
            assert (np.abs(summed(gradient) - whole) <= 1e-14 * sum(terms) + 1e-300).all(), gradient


@examples(15)
@given(scenarios(), st.sampled_from([None, False]))
def test_nothing_handed_out_can_be_written(given: Scenario, scalar: bool | None) -> None:
    trace = Trace(given, scalar=scalar)
    made, state = trace.record(0), trace.state(1)
    handed = [made[key] for key, quantity in trace.network.catalogue.items() if quantity.kind is Kind.RECORD]
    handed += [state.vector, *(state[key] for key in state), given.x, given.y]
    for array in handed:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0.0


@examples(20)
@given(scenarios())
def test_an_iteration_leaves_its_arguments_unchanged(given: Scenario) -> None:
    network = Network(given)
    state = network.start()
    arrays = [given.x, given.y, state.vector, *(layer.weights for layer in given.layers)]
    before = [array.tobytes() for array in arrays]
    after, made = iterate(network, state)
    again, _ = iterate(network, state)
    assert [array.tobytes() for array in arrays] == before
    assert (state.k, made.k, after.k) == (0, 0, 1)
    assert after.vector.tobytes() == again.vector.tobytes()


@examples(40)
@given(scenarios(max_iterations=1), st.booleans())
def test_a_record_is_the_same_with_its_update_and_without(given: Scenario, plain: bool) -> None:
    # plain gradient descent writes its gradients where the new weights will be
    network = Network(with_training(given, optimizer=Optimizer("sgd", 0.25)) if plain else given)
    after, made = iterate(network, network.start())
    alone = record(network, network.start())
    for key, quantity in network.catalogue.items():
        if quantity.kind is Kind.RECORD:
            assert made[key].tobytes() == alone[key].tobytes(), key
    for key in network.spent:
        sign = 1.0 if network.scenario.training.direction == "maximise" else -1.0
        gradient = made["dW_clipped" if given.training.clipping else "dW", key[1]]
        expected = network.start()["W", key[1]] + sign * (made["lr", None] * gradient)
        assert after["W", key[1]].tobytes() == expected.tobytes()


@examples(15)
@given(scenarios(extras=False), st.sampled_from([0.0, 0.25]))
def test_the_update_subtracts_the_learning_rate_times_the_gradient(given: Scenario, rate: float) -> None:
    trace = Trace(with_training(given, optimizer=type(given.training.optimizer)("sgd", rate)))
    for key in trace.network.parameters:
        expected = trace.state(0)[key] - rate * trace.record(0)[f"d{key[0]}", key[1]]
        # NaN, as some losses have it, equals NaN here
        np.testing.assert_array_equal(trace.state(1)[key], expected)


def test_the_walk_is_a_sequence() -> None:
    trace = Trace(softplus_network(2))
    assert len(trace) == 68
    assert trace[-1].address == trace[67].address
    assert [step.index for step in trace[3:9:2]] == [3, 5, 7]
    assert [step.index for step in trace] == list(range(68))
    for wrong in (68, -69):
        with pytest.raises(IndexError, match="of a walk of 68"):
            trace[wrong]
    assert (trace[34].iteration, trace[34].phase, trace[34].row) == (2, Phase.FORWARD, 1)


def test_record_names_at_the_end_have_values_but_no_steps() -> None:
    trace = Trace(softplus_network(2))
    assert trace.value(trace.resolve("a[2]@2")).shape == (1, 1)
    assert float(trace.value(trace.resolve("lr@1"))) == 1.0
    with pytest.raises(ValueError, match=r"a\[2\]@2 has no step: the walk ends after update 2"):
        trace.index_of(trace.resolve("a[2]@2"))


def test_progress_is_told_and_can_stop_a_run() -> None:
    trace = Trace(zero_network(1000))
    told: list[int] = []
    assert not trace.reach(1000, lambda k: not (told.append(k) or k >= 128))
    assert told == [64, 128]
    assert trace.distance(1000) == 1000 - 128
    assert trace.reach(1000)
    assert trace.distance(1000) == 0
    assert len(trace.losses_known()) == 1000


def test_shuffled_epochs_see_every_row_once_and_differ() -> None:
    shuffled = with_training(softmax_batch(2), shuffle=True, seed=5, iterations=12)
    batches = Trace(shuffled).network.batches
    epochs = [np.concatenate([batches.rows(2 * epoch), batches.rows(2 * epoch + 1)]).tolist() for epoch in range(6)]
    assert all(sorted(epoch) == [0, 1, 2] for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1
    again = Trace(shuffled).network.batches
    assert again.rows(11).tolist() == batches.rows(11).tolist()
    other = Trace(with_training(shuffled, seed=6)).network.batches
    assert [other.rows(k).tolist() for k in range(12)] != [batches.rows(k).tolist() for k in range(12)]


def test_every_loss_goes_with_some_output() -> None:
    anywhere = [name for name, loss in LOSSES.items() if loss.needs_range is None]
    assert valid_losses("relu") == anywhere
    assert set(valid_losses("sigmoid")) == set(valid_losses("softmax")) == set(LOSSES) - {"negative_log_likelihood"}
    assert set(valid_losses("log_softmax")) == {*anywhere, "negative_log_likelihood"}


def test_where_terms_overflow_their_order_decides_between_infinity_and_nan() -> None:
    over = Add((Num(1e308) * Num(10.0), Num(-1e308) * Num(10.0)))
    assert math.isnan(evaluate(over))
    assert agrees(over, -math.inf)
    assert agrees(over, math.nan)
    assert not agrees(over, 0.0)
    assert not agrees(Num(math.nan) + Num(1.0), math.inf)
    assert not agrees(Num(1.0) + Num(1.0), math.inf)


def test_a_step_back_takes_one_update_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = Trace(with_training(zero_network(), iterations=100), scalar=False)
    trace.reach(100)
    spacing = trace._checkpoints.spacing
    runs: list[int] = []
    for name in ("iterate", "record"):
        run = getattr(trace.runner, name)
        monkeypatch.setattr(trace.runner, name, lambda state, run=run: runs.append(state.k) or run(state))
    monkeypatch.setattr(trace.runner, "advance", lambda *_: pytest.fail("states on the way are wanted"))
    fresh = Trace(trace.scenario, scalar=False)
    for start in (99, 37, 64, 49, 15, 1, 80):
        runs.clear()
        trace.record(start)
        assert len(runs) <= spacing + 1, "a seek takes a stretch, wherever it is"
        for k in range(start - 1, max(start - 45, -1), -1):
            runs.clear()
            assert trace.record(k).loss == fresh.record(k).loss
            assert len(runs) <= 1, (start, k, runs)


def test_records_that_lead_back_are_kept_within_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.trace.RECORD_BYTES", 1_000)
    trace = Trace(with_training(zero_network(), iterations=100), scalar=False)
    for k in range(99, 40, -1):
        trace.record(k)
    assert len(trace._records) == RECORDS_KEPT
