"""Breakpoints: the nearest step in both directions, against every step of the walk looked at one by one."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import net, shipped

from engine.address import Address
from engine.condition_syntax import ConditionError
from engine.quantity import Kind
from engine.trace import Trace
from tui.breakpoints import BACKWARD, FORWARD, Breakpoints, find

WALKS = ("softplus", "adam_softplus", "batch_norm_two_samples", "perceptron", "shared_weights", "partial")
ADDRESSES = {
    "softplus": ["loss", "delta[1][2]", "W[1][2,1]", "a[2]", "dW[1][1,1]", "b[1][1]"],
    "adam_softplus": ["mhatW[1][1,2]", "vb[2]", "loss", "z[1][1]"],
    "batch_norm_two_samples": ["xhat[1][2]", "delta[1][1]#2", "gamma[1][1]", "loss", "running_mean[1][1]"],
    "perceptron": ["loss", "delta[1]", "W[1][1,2]", "z[1]"],
    "shared_weights": ["a[1][2]", "dW[1][1,3]", "loss", "delta[2][3]#3", "data_loss#2"],
    "partial": ["a[1][2]", "a[1][2]#3", "delta[2][1]#1", "loss", "dW[1][2,1]"],
}


@cache
def walk(name: str) -> Trace:
    """A short walk; `partial`: batches of three and two in turn; `swing`: steps too long, so that signs alternate."""
    if name == "swing":
        return Trace(net(1, 1, activation="identity", iterations=30, rate=2.5))
    return Trace(net(2, 3, 1, samples=5, batch=3, iterations=12) if name == "partial" else shipped(name))


@dataclass(frozen=True)
class Asked:
    """A condition as text, and what it says of iteration k + 1 and sample s, said again without the product."""

    text: str
    says: Callable[[int, int], bool | None]
    """None: the batch has no such sample."""
    addresses: tuple[str, ...]


def number(trace: Trace, text: str, k: int, s: int) -> float | None:
    address = trace.resolve(text)
    quantity = trace.names.quantity(address)
    if quantity.kind is Kind.STATE:
        return float(trace.value(address.at(k + 1)).item())
    sample = address.sample or (s if quantity.per_sample else None)
    if sample is not None and sample > trace.network.batches.size(k):
        return None
    return float(trace.value(Address(address.name, address.layer, address.unit, sample, k)).item())


RELATIONS = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}


@st.composite
def comparisons(draw: st.DrawFn, name: str) -> Asked:
    trace, text = walk(name), draw(st.sampled_from(ADDRESSES[name]))
    relation = draw(st.sampled_from(sorted(RELATIONS)))
    # a threshold taken from the walk: some iterations are on either side
    k = draw(st.integers(0, trace.plan.iterations - 1))
    threshold = float(f"{number(trace, text, k, 1) or 0.0:.3g}")

    def says(k: int, s: int) -> bool | None:
        value = number(trace, text, k, s)
        return None if value is None else RELATIONS[relation](value, threshold)

    return Asked(f"{text} {relation} {threshold!r}", says, (text,))


def joined(one: Asked, other: Asked, word: str) -> Asked:
    def says(k: int, s: int) -> bool | None:
        left, right = one.says(k, s), other.says(k, s)
        return None if left is None or right is None else (left and right if word == "and" else left or right)

    return Asked(f"({one.text}) {word} {other.text}", says, (*one.addresses, *other.addresses))


def negated(one: Asked) -> Asked:
    def says(k: int, s: int) -> bool | None:
        said = one.says(k, s)
        return None if said is None else not said

    return Asked(f"not ({one.text})", says, one.addresses)


def signs(name: str, text: str) -> Asked:
    trace = walk(name)

    def sign(k: int, s: int) -> float:
        value = number(trace, text, k, s) if k >= 0 else None
        return math.nan if value is None or math.isnan(value) else float((value > 0) - (value < 0))

    def says(k: int, s: int) -> bool | None:
        if number(trace, text, k, s) is None:
            return None
        now, was = sign(k, s), sign(k - 1, s)
        return now == now and was == was and now != was

    return Asked(f"{text} changes sign", says, (text,))


def conditions(name: str) -> st.SearchStrategy[Asked]:
    single = comparisons(name)
    return st.one_of(
        single,
        st.builds(joined, single, single, st.sampled_from(["and", "or"])),
        single.map(negated),
        st.sampled_from(ADDRESSES[name]).map(lambda text: signs(name, text)),
    )


def brute_steps(name: str, asked: Asked | str) -> list[int]:
    """Every step at which a breakpoint stops, each step of the walk looked at."""
    trace = walk(name)
    if isinstance(asked, str):
        address = trace.resolve(asked)
        first: dict[int, int] = {}
        for step in trace:
            here = step.address
            same = (here.name, here.layer, here.unit[: len(address.unit)]) == (
                address.name,
                address.layer,
                address.unit,
            )
            if same and address.sample in (None, here.sample) and address.k in (None, here.k):
                first.setdefault(step.iteration, step.index)
        return list(first.values())
    steps: list[int] = []
    was = False
    for k in range(trace.plan.iterations):
        samples = [s for s in range(1, trace.network.batches.size(k) + 1) if asked.says(k, s)]
        if samples and (not was or "changes" in asked.text):
            steps.append(max(last_step(trace, text, k, samples[0]) for text in asked.addresses))
        was = bool(samples)
    return steps


def last_step(trace: Trace, text: str, k: int, sample: int) -> int:
    address = trace.resolve(text)
    found = -1
    for index in range(trace.plan.start(k), trace.plan.start(k + 1)):
        here = trace.plan.place(index).address
        if (here.name, here.layer) != (address.name, address.layer) or here.unit[: len(address.unit)] != address.unit:
            continue
        if here.sample in (None, address.sample or sample):
            found = index
    if found < 0 and address.name == "data_loss":
        return last_step(trace, "loss", k, sample)
    return found


def nearest(steps: list[int], cursor: int, direction: int) -> int | None:
    if direction == FORWARD:
        return min((step for step in steps if step > cursor), default=None)
    return max((step for step in steps if step < cursor), default=None)


@settings(max_examples=80)
@given(st.data())
def test_the_nearest_step_is_found_in_both_directions(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(WALKS))
    pool = st.one_of(conditions(name), st.sampled_from(ADDRESSES[name]))
    drawn = data.draw(st.lists(pool, min_size=1, max_size=2))
    fresh = Trace(walk(name).scenario) if data.draw(st.booleans()) else walk(name)
    points, steps = Breakpoints(), []
    for one in drawn:
        points = points.add(fresh, one if isinstance(one, str) else one.text)
        steps += brute_steps(name, one)
    for cursor in data.draw(st.lists(st.integers(0, len(fresh) - 1), min_size=1, max_size=5)):
        for direction in (FORWARD, BACKWARD):
            assert find(fresh, points, cursor, direction) == nearest(steps, cursor, direction), (cursor, direction)
    for step in steps:
        assert find(fresh, points, step - 1, FORWARD) == step if step else True
        assert find(fresh, points, step + 1, BACKWARD) == step if step < len(fresh) - 1 else True


def every(trace: Trace, points: Breakpoints, direction: int) -> list[int]:
    """All the stops of a walk, going from one to the next."""
    found: list[int] = []
    at: int | None = find(trace, points, 0 if direction == FORWARD else len(trace) - 1, direction)
    while at is not None:
        found.append(at)
        at = find(trace, points, at, direction)
    return found if direction == FORWARD else found[::-1]


@pytest.mark.parametrize("text", ["W[1][1,1] changes sign", "W[1][1,1] > 0", "loss < 1000000", "loss changes sign"])
def test_stretches_join_without_a_gap_or_a_double(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # weights that swing: a stop in nearly every iteration, at every edge of a stretch
    trace = walk("swing")
    whole = every(trace, Breakpoints().add(trace, text), FORWARD)
    monkeypatch.setattr("tui.breakpoints.STRETCH", 3)
    monkeypatch.setattr("tui.breakpoints.LOSSES_AT_ONCE", 2)
    for direction in (FORWARD, BACKWARD):
        fresh = Trace(trace.scenario, checkpoint_bytes=3000)
        fresh.reach(fresh.plan.iterations)
        assert every(fresh, Breakpoints().add(fresh, text), direction) == whole


def test_a_lone_stop_is_found_wherever_a_stretch_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.breakpoints.STRETCH", 3)
    trace = Trace(net(1, 1, iterations=30))
    for k in range(1, 31):
        points = Breakpoints().add(trace, f"W[1][1,1] = W[1][1,1]@{k}")
        step = trace.index_of(trace.resolve(f"W[1][1,1]@{k}"))
        assert find(trace, points, 0) == step
        assert find(trace, points, len(trace) - 1, BACKWARD) == step


def test_of_an_address_and_a_condition_in_one_iteration_the_nearer_stops() -> None:
    trace = walk("softplus")
    points = Breakpoints().add(trace, "W[1][1,1]@1").add(trace, "loss < 9")
    loss, update = trace.index_of(trace.resolve("loss@0")), trace.index_of(trace.resolve("W[1][1,1]@1"))
    assert every(trace, points, FORWARD) == every(trace, points, BACKWARD) == [loss, update]


def test_losses_already_known_are_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = Trace(shipped("xor"))
    points = Breakpoints().add(trace, "loss < loss@0 * 0.5")
    first = find(trace, points, 0)
    assert first is not None
    trace.reach(trace.plan.iterations)

    def refuse(*arguments: object) -> None:
        raise AssertionError("an iteration was computed")

    monkeypatch.setattr("tui.breakpoints.sight", refuse)
    assert find(trace, points, 0) == first
    assert find(trace, points, len(trace) - 1, BACKWARD) is not None


def test_an_address_is_found_in_a_walk_too_long_to_run() -> None:
    trace = Trace(net(2, 2, 1, iterations=10**15))
    points = Breakpoints().add(trace, "delta[1][2]")
    step = find(trace, points, len(trace) // 2)
    assert step is not None
    assert trace.plan.place(step).address.name == "delta"
    assert find(trace, points, step, BACKWARD) == step - trace.plan.start(1)
    assert not trace.losses_known(), "nothing was computed"
    # and a condition beside it is judged no further than to there
    both = points.add(trace, "loss < 0")
    assert find(trace, both, 0) == find(trace, points, 0)
    assert len(trace.losses_known()) == 1


def test_a_search_reports_and_can_be_stopped() -> None:
    trace = Trace(net(2, 2, 1, iterations=10**6))
    points = Breakpoints().add(trace, "loss < 0 and W[1][1,1] > 1e9")
    seen: list[int] = []

    def progress(done: int) -> bool:
        seen.append(done)
        return len(seen) < 3

    assert find(trace, points, 0, FORWARD, progress) is None
    assert len(seen) == 3
    assert seen == sorted(seen)
    assert seen[-1] <= 3 * 64
    assert find(trace, points, len(trace) - 1, BACKWARD, lambda done: False) is None
    assert trace.distance(10**6) > 10**6 - 400, "it stopped at once"


def test_set_and_taken_away() -> None:
    trace = walk("softplus")
    points = Breakpoints().add(trace, "loss < 0.1").add(trace, "delta[1][2]").add(trace, " loss  <  0.1 ")
    assert [point.words for point in points] == [
        "loss < 0.1, when it becomes true",
        "delta[1][2], in every iteration",
    ]
    step = trace.index_of(trace.resolve("delta[1][2]@3"))
    assert [point.text for point in points.at(trace, step)] == ["delta[1][2]"]
    without = points.toggle(trace, step)
    assert [point.text for point in without] == ["loss < 0.1"]
    assert [point.text for point in without.toggle(trace, step)] == ["loss < 0.1", "delta[1][2]"]
    assert len(points) == 2, "nothing is changed in place"
    assert len(points.remove(points.items[0])) == 1
    assert len(points.add(trace, "delta[1][2]#1")) == 2, "the same step by another name"
    once = Breakpoints().add(trace, "loss@2").add(trace, "W[1][1,1] changes sign")
    assert [point.words for point in once] == ["loss@2, once", "W[1][1,1] changes sign, every time"]
    assert find(trace, Breakpoints(once.items[:1]), 0) == trace.index_of(trace.resolve("loss@2"))


def test_in_a_batch_the_sample_toggled_is_the_one_on_the_screen() -> None:
    trace = walk("partial")
    step = trace.index_of(trace.resolve("a[1][2]#3@0"))
    points = Breakpoints().toggle(trace, step)
    assert [point.text for point in points] == ["a[1][2]#3"]
    assert find(trace, points, step) == trace.index_of(trace.resolve("a[1][2]#3@2")), "the batch between has two"
    assert not points.toggle(trace, step).items


def test_after_an_edit_what_means_nothing_is_said() -> None:
    points = Breakpoints().add(walk("softplus"), "delta[2][1] > 0").add(walk("softplus"), "W[1][2,1]")
    kept, lost = points.rebound(walk("perceptron"))
    assert lost == ("delta[2][1] > 0", "W[1][2,1]")
    assert not kept.items
    kept, lost = points.rebound(walk("adam_softplus"))
    assert (len(kept), lost) == (2, ())


def test_a_wrong_condition_changes_nothing() -> None:
    with pytest.raises(ConditionError):
        Breakpoints().add(walk("softplus"), "loss <")


def test_no_breakpoint_and_no_step_are_no_trouble() -> None:
    assert find(walk("softplus"), Breakpoints(), 0) is None
    empty = Trace(net(2, 1, iterations=0))
    assert find(empty, Breakpoints().add(empty, "loss < 1"), 0) is None
