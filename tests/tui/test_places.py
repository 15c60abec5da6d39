"""Places come back to: a browser's history, and bookmarks."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tui.places import KEPT, Bookmarks, Places


def test_back_and_forward_as_in_a_browser() -> None:
    # from 10 to 200, on by steps to 203, to 50
    places = Places().visit(10).visit(203)
    back = places.back(50)
    assert back is not None
    places, here = back
    assert here == 203
    back = places.back(205)  # two steps on before going back again
    assert back is not None
    places, here = back
    assert here == 10
    assert places.back(10) is None
    forward = places.forward(10)
    assert forward is not None
    places, here = forward
    assert here == 205, "where going back began, not where the jump led"
    assert places.ahead == (50,)
    forward = places.forward(here)
    assert forward is not None
    assert forward[1] == 50
    assert forward[0].forward(50) is None


def test_a_jump_forgets_what_was_ahead() -> None:
    back = Places().visit(1).visit(2).back(3)
    assert back is not None
    assert back[0].ahead == (3,)
    again = back[0].visit(2)
    assert again.ahead == ()
    assert again.behind == (1, 2)


def test_going_back_moves() -> None:
    places = Places().visit(5).visit(5).visit(7)
    assert places.behind == (5, 7), "the same place is kept once"
    back = places.back(7)
    assert back is not None
    assert back[1] == 5


def test_a_history_is_bounded() -> None:
    places = Places()
    for step in range(3 * KEPT):
        places = places.visit(step)
    assert places.behind == tuple(range(2 * KEPT, 3 * KEPT))


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(0, 9))
def test_all_the_way_back_and_forward_again(left: list[int], here: int) -> None:
    places = Places()
    for step in left:
        places = places.visit(step)
    start, seen = here, [here]
    while (back := places.back(here)) is not None:
        places, here = back
        seen.append(here)
    forwards = [here]
    while (forward := places.forward(here)) is not None:
        places, here = forward
        forwards.append(here)
    assert forwards == seen[::-1]
    assert here == start
    assert all(one != other for one, other in pairwise(seen))


def test_bookmarks_stand_in_the_order_of_the_walk() -> None:
    marks = Bookmarks().toggle(30).toggle(10, "the  kink ").toggle(20)
    assert marks.steps == (10, 20, 30)
    assert marks.names[10] == "the kink"
    assert 20 in marks
    assert len(marks) == 3
    assert [marks.next(step) for step in (0, 10, 15, 30, 31)] == [10, 20, 20, None, None]
    assert [marks.previous(step) for step in (31, 30, 15, 10, 0)] == [30, 20, 10, None, None]
    without = marks.toggle(20)
    assert without.steps == (10, 30)
    assert len(marks) == 3, "nothing is changed in place"
    assert marks.named(20, "here").names[20] == "here"
    assert marks.named(10, "").names[10] == ""


def test_a_shorter_walk_keeps_what_it_has() -> None:
    assert Bookmarks().toggle(5).toggle(50).within(50).steps == (5,)
    back = Places().visit(5).visit(50).visit(6).back(60)
    assert back is not None
    assert back[0].within(50) == Places((5,), ())
