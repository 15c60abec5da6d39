"""Search: what is found is what a look at every step finds, and no walk is too long."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import net, note, shipped

from engine.activations import ACTIVATIONS
from engine.address import Address
from engine.scenario.model import Note
from engine.structs import replace
from engine.trace import Step
from tui.search import Found, Search, SearchError, folded
from tui.session import Session
from tui.settings import Settings

BOTH = (Settings(), Settings(ascii=True))
WALKS = ("softplus", "adam_softplus", "shared_weights", "batch_norm_two_samples", "partial", "wide")


@cache
def walk(name: str) -> Session:
    """`partial`: batches of three and one, notes and named outputs; `wide`: indices of two digits."""
    if name == "partial":
        made = net(2, 3, 2, samples=4, batch=3, iterations=4, output="softmax", loss="cross_entropy")
        notes = (
            note("Ask: why?", unit=()),
            Note(Address("a", 1, (2,), 2, 2), "why now?"),
            Note(Address("dW", 2, (2,)), "Watch the row."),
            Note(Address("dW", 2, (1, 1), 2), "Of a term, which has no step."),
        )
        return Session(replace(made, output_names=("cat", "a Dog"), notes=notes))
    if name == "wide":
        return Session(net(11, 12, 1, samples=11, iterations=1))
    return Session(replace(shipped(name), training=replace(shipped(name).training, iterations=3)))


def said(session: Session, step: Step) -> list[str]:
    """Everything said about a step, put together again from the step itself."""
    scenario, network, layer = session.scenario, session.trace.network, step.quantity.layer
    texts = [str(step.address.at(None)), step.phase.value, step.quantity.why, step.quantity.valid]
    texts += [session.symbol(step, settings) for settings in BOTH]
    texts += [session.unit_name(step), *(note.text for note in session.notes(step, BOTH[0]))]
    if layer is not None:
        texts += [session.layer_name(layer), scenario.layers[layer - 1].name]
        if step.quantity.name in ("a", "fprime", "jacobian"):
            name = scenario.layers[layer - 1].activation
            texts += [name, ACTIVATIONS[name].symbol, session.notation(BOTH[1]).function(ACTIVATIONS[name].symbol)]
    if step.phase == "loss":
        texts.append(scenario.training.loss.name)
    if step.phase == "update":
        texts.append(scenario.training.optimizer.name)
    if step.place.sample is not None and not network.single:
        texts.append(f"sample {step.place.sample}")
    return texts


@cache
def everything(name: str) -> list[list[str]]:
    session = walk(name)
    return [[folded(text) for text in said(session, step)] for step in session.trace]


def brute(name: str, text: str) -> list[int]:
    query = folded(text)
    return [at for at, texts in enumerate(everything(name)) if any(query in one for one in texts)]


def every(search: Search) -> list[int]:
    """All matches, going from one to the next."""
    found: list[int] = []
    hit = search.steps.at_or_after(0)
    while hit is not None:
        found.append(hit)
        after = search.next(hit)
        assert after is not None
        assert after.wrapped or after.step > hit
        hit = None if after.wrapped else after.step
    return found


TEXTS = [
    "delta", "δ", "dL/dw", "∂L/∂w", "∂l/∂W", "dl/dw21", "∂L/∂w₂₁⁽¹⁾", "w1", "w12", "w1,1", "w1,12", "w12,1", "10,11",
    "backward", "LAYER 2", "layer 2 (OUT", "chain", "dog", "at", "why", "row", "a term", "softplus", "sigmoid", "σ",
    "adam", "SGD", "_entropy", "#2", "sample 1", "1", "12", "0", "2]", "][1", "1,2]", "[1][2", ",", "(1)", "x̂",
    "xhat", "m̂", "mhat", "ŷ", "yhat", "nothing like it", "1]#", "]#1", "0]#1", "]#11", "2(1)", "each input", "L#2",
    "123456789", "01", "'", "′", "learning rate", "velocity", "β",
]  # fmt: skip


def checked(name: str, text: str) -> None:
    session = walk(name)
    search = Search(session, text)
    if search.address is not None:
        return
    wanted = brute(name, text)
    assert every(search) == wanted
    in_first = [at for at in wanted if at < session.trace.plan.start(1)]
    assert search.steps.count(0) == len(in_first)
    backwards = [hit.step for at in wanted if (hit := search.previous(at))]
    assert backwards == [wanted[at - 1] for at in range(len(wanted))]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_found_is_what_every_step_says(text: str) -> None:
    for name in WALKS:
        checked(name, text)


@settings(max_examples=30)
@given(st.data())
def test_any_piece_of_what_is_said_is_found(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(WALKS))
    texts = data.draw(st.sampled_from(everything(name)))
    text = data.draw(st.sampled_from([text for text in texts if text]))
    start = data.draw(st.integers(0, len(text) - 1))
    piece = text[start : start + data.draw(st.integers(1, 6))]
    if piece.strip():
        checked(name, piece.strip())


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        ("softplus", "loss", 1),
        ("softplus", "W[1]", 4),
        ("softplus", "W[1][2]", 2),
        ("softplus", "delta[1][2]", 1),
        ("partial", "delta[1][2]", 3),
        ("partial", "a[1]#2", 3),
    ],
)
def test_an_address_is_searched_as_itself(name: str, text: str, count: int) -> None:
    session = walk(name)
    search = Search(session, text)
    address = session.trace.resolve(text)
    wanted = [
        step.index
        for step in session.trace
        if (step.address.name, step.address.layer) == (address.name, address.layer)
        and step.address.unit[: len(address.unit)] == address.unit
        and address.sample in (None, step.address.sample)
    ]
    assert every(search) == wanted
    assert search.count_per_iteration == count
    assert search.words() == f"{count} place{'s' * (count > 1)} an iteration"


def test_an_address_of_one_iteration_is_found_there_only() -> None:
    session = walk("softplus")
    assert every(Search(session, "W[1][2,1]@2")) == [session.target("W[1][2,1]@2", 0)]
    assert Search(session, "W[1]@2").words() == "4 places"
    nowhere = Search(session, "W[1]@0")
    assert nowhere.next(3) is nowhere.previous(3) is None
    assert nowhere.words() == "W[1]@0 has no step: it is the starting state"


def test_what_is_of_one_far_iteration_is_jumped_to() -> None:
    session = Session(net(2, 2, 1, iterations=10**6))
    far = session.target("W[1][2,1]@900000", 0)
    search = Search(session, "W[1][2,1]@900000")
    assert search.next(0) == search.previous(session.last) == Found(far, False)


@pytest.mark.parametrize("at_once", [1, 30, 100])
def test_large_quantities_are_counted_some_rows_at_a_time(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.recurring.COUNTED_AT_ONCE", at_once)
    for text in ("1", "2]", "w1", "][1"):
        checked("wide", text)


def test_a_name_without_steps_is_searched_as_text() -> None:
    search = Search(walk("softplus"), "t")
    assert search.address is None
    assert search.count_per_iteration > 0


def test_it_goes_round_and_says_so() -> None:
    session = walk("softplus")
    search = Search(session, "loss@1")
    only = session.target("loss@1", 0)
    assert search.next(0) == Found(only, False)
    assert search.next(only) == search.previous(only) == Found(only, True)
    assert search.previous(only + 1) == Found(only, False)
    assert search.next(session.last) == Found(only, True)
    assert search.previous(0) == Found(only, True)


def test_notes_of_one_iteration_are_counted_apart() -> None:
    search = Search(walk("partial"), "why now")
    assert search.words() == "1 place"
    assert Search(walk("partial"), "ask: why").words() == "1 place an iteration"
    assert Search(walk("partial"), "why?").words() == "1 place an iteration"
    assert Search(walk("partial"), "why").words() == "1 place an iteration, and 1 more"


def test_what_is_said_nowhere_says_so() -> None:
    search = Search(walk("softplus"), "quaternion")
    assert search.next(0) is None
    assert search.words() == "'quaternion' is said nowhere"
    for blank in ("", "  ", "_"):
        with pytest.raises(SearchError, match="type what to look for"):
            Search(walk("softplus"), blank)


def test_a_walk_too_long_to_look_at_is_searched_at_once() -> None:
    session = Session(net(300, 400, 10, samples=700, batch=500, iterations=10**9))
    search = Search(session, "∂L/∂w₃₉₉,₂⁽¹⁾")
    middle = len(session.trace) // 2
    found = search.next(middle)
    assert found is not None
    place = session.trace.plan.place(found.step)
    assert (str(place.address.at(None)), found.wrapped) == ("dW[1][399,2]", False)
    assert place.k == session.trace.plan.k_of(middle)
    assert search.count_per_iteration == 1
    last = search.previous(0)
    assert last is not None
    assert last.wrapped
    assert session.trace.plan.place(last.step).k == 10**9 - 1
    # overlapping ways to say it are counted once
    wanted = 0
    for quantity in session.trace.plan.blocks:
        if quantity.shape:
            sevens = sum(str(index).endswith("7") for index in range(1, quantity.shape[-1] + 1))
            rows = quantity.shape[0] if len(quantity.shape) > 1 else 1
            wanted += sevens * rows * (500 if quantity.per_sample else 1)
    assert Search(session, "7]").count_per_iteration == wanted
