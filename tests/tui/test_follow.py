"""Following: the steps stopped at are those that concern what is followed, at every granularity."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import net, shipped

from engine.address import Address
from engine.explain import explain
from engine.formula.nodes import Node, Symbol, children
from engine.plan import Granularity
from engine.scenario.model import Clipping, Optimizer, Penalty
from engine.structs import replace
from engine.trace import Step
from tui.follow import Follow, FollowError, Following
from tui.session import Session

WALKS = ("softplus", "adam_softplus", "shared_weights", "batch_norm_two_samples", "layer_norm", "partial", "everything")
KINDS = tuple(Following)


@cache
def walk(name: str) -> Session:
    if name in ("partial", "everything"):
        # of softmax with another loss than cross-entropy the Jacobian is walked through
        loss = "squared_error" if name == "partial" else "cross_entropy"
        made = net(2, 3, 2, samples=5, batch=3, iterations=4, output="softmax", loss=loss)
        if name == "partial":
            return Session(made)
        adam = Optimizer("adam", 0.1)
        both = (Penalty("l2", 0.1),)
        return Session(
            replace(
                made, training=replace(made.training, optimizer=adam, penalties=both, clipping=Clipping("norm", 1.0))
            )
        )
    return Session(replace(shipped(name), training=replace(shipped(name).training, iterations=3)))


@cache
def steps(name: str) -> list[Step]:
    return list(walk(name).trace)


def leaves(node: Node) -> Iterator[Symbol]:
    if isinstance(node, Symbol):
        yield node
    for child in children(node):
        yield from leaves(child)


SLOTS = ("", "m", "v", "mhat", "vhat")


@cache
def of_parameter(name: str, parameter: Address) -> frozenset[int]:
    """The steps of a parameter, from the explanations of its gradient: what is of a sample in them is a factor."""
    session = walk(name)
    own = {f"{slot}{parameter.name}" for slot in SLOTS}
    own |= {f"d{parameter.name}{part}" for part in ("", "_data", "_penalty", "_clipped")}
    found: set[int] = set()
    for step in steps(name):
        address = step.address
        if (address.name in own) and (address.layer, address.unit) == (parameter.layer, parameter.unit):
            found.add(step.index)
            if address.name in (f"d{parameter.name}", f"d{parameter.name}_data"):
                for leaf in leaves(explain(session.trace, step.index).tree):
                    if leaf.address.sample is not None and session.trace.names.quantity(leaf.address).in_walk:
                        found.add(session.trace.index_of(leaf.address))
    return frozenset(found)


def concerned(name: str, follow: Follow, step: Step) -> bool:
    address = step.address
    if follow.sample is not None and address.sample not in (None, follow.sample):
        return False
    if follow.unit is not None:
        layer, unit = follow.unit
        if address.layer != layer:
            return False
        indices = address.unit if address.name == "jacobian" else address.unit[:1]
        if address.unit and unit not in indices:
            return False
    return follow.parameter is None or step.index in of_parameter(name, follow.parameter)


@st.composite
def follows(draw: st.DrawFn, name: str) -> Follow:
    session = walk(name)
    follow = Follow()
    for kind in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=2)):
        cursor = draw(st.integers(0, session.last))
        try:
            follow = follow.narrowed(Follow.of_step(session, cursor, kind))
        except FollowError:
            continue
    return follow


@settings(max_examples=120)
@given(st.data())
def test_the_steps_stopped_at_are_those_concerned(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(WALKS))
    follow = data.draw(follows(name))
    plan = walk(name).trace.plan
    wanted = [step.index for step in steps(name) if concerned(name, follow, step)]
    granularity = data.draw(st.sampled_from(Granularity))
    for cursor in data.draw(st.lists(st.integers(0, plan.steps - 1), min_size=1, max_size=8)):
        start, after = plan.group(cursor, granularity)
        assert follow.next(plan, cursor, granularity) == min((step for step in wanted if step >= after), default=None)
        own = [step for step in wanted if start <= step < cursor]
        earlier = max((step for step in wanted if step < start), default=None)
        if own:
            expected: int | None = own[0]
        elif earlier is None:
            expected = None
        else:
            expected = min(step for step in wanted if step >= plan.group(earlier, granularity)[0])
        assert follow.previous(plan, cursor, granularity) == expected
        assert follow.concerns(plan, cursor) == (cursor in wanted)
    for k in range(plan.iterations):
        assert follow.count(plan, k) == sum(plan.k_of(step) == k for step in wanted)


def addresses(session: Session, follow: Follow, k: int = 0) -> list[str]:
    """The steps followed in one iteration."""
    found: list[str] = []
    at: int | None = session.trace.plan.start(k)
    if at is not None and not follow.concerns(session.trace.plan, at):
        at = follow.next(session.trace.plan, at)
    while at is not None and session.trace.plan.k_of(at) == k:
        found.append(str(session.trace.plan.place(at).address.at(None)))
        at = follow.next(session.trace.plan, at)
    return found


def test_a_parameter_s_story() -> None:
    session = walk("everything")
    follow = Follow.of_step(session, session.target("dW[1][2,1]@0", 0), Following.PARAMETER)
    assert follow == Follow(parameter=Address("W", 1, (2, 1)))
    assert follow.words(session) == "W[1][2,1]"
    assert addresses(session, follow) == [
        "delta[1][2]#1", "delta[1][2]#2", "delta[1][2]#3",
        "dW_data[1][2,1]", "dW_penalty[1][2,1]", "dW[1][2,1]", "dW_clipped[1][2,1]",
        "mW[1][2,1]", "vW[1][2,1]", "mhatW[1][2,1]", "vhatW[1][2,1]", "W[1][2,1]",
    ]  # fmt: skip
    one = follow.narrowed(Follow(sample=3))
    assert one.words(session) == "W[1][2,1], sample 3"
    assert addresses(session, one)[:2] == ["delta[1][2]#3", "dW_data[1][2,1]"]
    assert addresses(session, one, k=1)[0] == "dW_data[1][2,1]", "that batch has two samples"
    slot = session.target("vhatb[2][1]@1", 0)
    assert Follow.of_step(session, slot, Following.PARAMETER).parameter == Address("b", 2, (1,))


def test_a_weight_above_the_first_layer_begins_with_what_it_weighs() -> None:
    session = walk("softplus")
    follow = Follow.of_step(session, session.target("W[2][1,2]@1", 0), Following.PARAMETER)
    assert addresses(session, follow) == ["a[1][2]#1", "delta[2][1]#1", "dW[2][1,2]", "W[2][1,2]"]


def test_a_unit_s_story() -> None:
    session = walk("softplus")
    follow = Follow.of_step(session, session.target("dW[1][2,1]", 0), Following.UNIT)
    assert follow.words(session) == "unit 2 of layer 1"
    assert addresses(session, follow) == [
        "z[1][2]#1", "a[1][2]#1", "da[1][2]#1", "fprime[1][2]#1", "delta[1][2]#1",
        "dW[1][2,1]", "dW[1][2,2]", "db[1][2]", "W[1][2,1]", "W[1][2,2]", "b[1][2]",
    ]  # fmt: skip


def test_a_unit_has_its_row_and_its_column_of_the_jacobian() -> None:
    followed = addresses(walk("partial"), Follow(sample=2, unit=(2, 1)))
    assert [address for address in followed if "jacobian" in address] == [
        "jacobian[2][1,1]#2", "jacobian[2][1,2]#2", "jacobian[2][2,1]#2",
    ]  # fmt: skip


def test_a_named_output_is_called_by_its_name() -> None:
    session = Session(replace(walk("partial").scenario, output_names=("cat", "dog")))
    follow = Follow.of_step(session, session.target("a[2][2]", 0), Following.UNIT)
    assert follow.words(session) == "unit 2 of layer 2 (output) (dog)"


@pytest.mark.parametrize(
    ("name", "at", "kind", "message"),
    [
        ("softplus", "z[1][1]", Following.SAMPLE, "every batch is one sample here: there is none to choose"),
        (
            "partial", "dW[1][2,1]", Following.SAMPLE,
            "dW[1][2,1] belongs to the whole batch; expected a step of one sample, like z[1][1]#1",
        ),
        ("softplus", "loss", Following.UNIT, "loss belongs to no unit; expected a step of one, like z[1][1]"),
        (
            "softplus", "delta[1][2]", Following.PARAMETER,
            "delta[1][2]#1 belongs to no parameter; expected a gradient or an update, like dW[1][1,1]",
        ),
        (
            "batch_norm_two_samples", "running_mean[1][1]@1", Following.PARAMETER,
            "running_mean[1][1] belongs to no parameter; expected a gradient or an update, like dW[1][1,1]",
        ),
    ],
)  # fmt: skip
def test_what_a_step_is_not_about_says_so(name: str, at: str, kind: Following, message: str) -> None:
    session = walk(name)
    with pytest.raises(FollowError) as wrong:
        Follow.of_step(session, session.target(at, 0), kind)
    assert str(wrong.value) == message


def test_following_in_a_walk_of_many_steps() -> None:
    session = Session(net(300, 400, 10, samples=700, batch=500, iterations=10**9))
    plan = session.trace.plan
    follow = Follow(sample=350, unit=(1, 77))
    middle = plan.steps // 2
    found = follow.next(plan, middle)
    assert found is not None
    assert follow.previous(plan, found + 1) == found
    # in the partial batch there is no sample 350: the next is an iteration further
    partial = plan.start(1)
    after = follow.next(plan, partial)
    assert after is not None
    assert str(plan.place(after).address) == "dW[1][77,1]@1", "what is of the whole batch stays"
    assert follow.previous(plan, 0) is None
