"""Memory that is lent again: only when nobody can see it, and then without asking the system."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
from strategies import softmax_batch, with_training

from engine.memory import Vectors
from engine.scenario.model import Array
from engine.trace import Trace

CUTS: dict[str, Callable[[Array], object]] = {
    "itself": lambda vector: vector,
    "a slice": lambda vector: vector[2:4],
    "a slice of a shape of a slice": lambda vector: vector[1:5].reshape(2, 2).T[1],
    "a buffer": memoryview,
    "a sum's operand": lambda vector: np.broadcast_to(vector, (3, 6)),
}


def place(vector: Array) -> int:
    return int(vector.__array_interface__["data"][0])


@pytest.mark.parametrize("cut", CUTS)
def test_what_somebody_still_sees_is_not_lent(cut: str) -> None:
    vectors = Vectors(6, 8)
    first = vectors.take()
    where = place(first)
    kept = CUTS[cut](first)
    del first
    second = vectors.take()
    assert place(second) != where
    del kept
    assert place(vectors.take()) == where


def test_no_two_have_the_same_memory_and_no_more_is_kept_than_was_said() -> None:
    vectors = Vectors(3, 2)
    taken = [vectors.take() for _ in range(5)]
    assert len({place(vector) for vector in taken}) == 5
    assert len(vectors._owners) == 2
    owned = {place(owner) for owner in vectors._owners}
    taken.clear()
    again = [vectors.take(), vectors.take()]
    assert {place(vector) for vector in again} == owned


def test_what_is_kept_for_long_takes_no_place() -> None:
    vectors = Vectors(3, 2)
    kept = [vectors.take() for _ in range(10)]
    where = place(passing := vectors.take())
    # the system too may hand out the same memory again
    assert where in map(place, vectors._owners)
    del passing
    assert place(vectors.take()) == where
    assert len({place(vector) for vector in kept}) == 10


def test_nothing_handed_out_changes_while_the_walk_goes_on() -> None:
    given = with_training(softmax_batch(2), iterations=120)
    trace, generator = Trace(given, scalar=False), random.Random(4)
    held: list[tuple[Array, bytes]] = []
    for _ in range(400):
        k = generator.randrange(120)
        for at in range(k, max(k - generator.randrange(20), 0), -1):
            seen = [trace.record(at)["delta", 1], trace.record(at)["dW", 1], trace.state(at)["W", 1]]
            held += [(array, array.tobytes()) for array in generator.sample(seen, 1)]
        # some are let go, so that there is something to be lent
        held = generator.sample(held, min(len(held), 40))
        assert all(array.tobytes() == before for array, before in held)
    fresh = Trace(given, scalar=False)
    assert trace.state(77).vector.tobytes() == fresh.state(77).vector.tobytes()
