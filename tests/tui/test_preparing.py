"""What is drawn before its key is pressed: taken where it is exactly what is wanted, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from helpers import LARGE, SMALL, Walker, look_of, run, walking
from scenes import shipped
from textual._compositor import Compositor

from tui.draw.cells import Drawing
from tui.widgets.cells import KEPT, NOTHING, Shown, runs
from tui.widgets.panels import DrawnPanel, FormulaPanel, GraphPanel, Moment, TimelinePanel, TitleBar, ValuesPanel

PANELS = (GraphPanel, FormulaPanel, ValuesPanel, TimelinePanel, TitleBar)


def counted(patch: pytest.MonkeyPatch) -> list[int]:
    """The steps that panels draw, in turn."""
    steps: list[int] = []

    def counting(draw: Callable[..., Drawing]) -> Callable[..., Drawing]:
        def drawn(panel: DrawnPanel, moment: Moment, width: int, height: int) -> Drawing:
            steps.append(moment.cursor)
            return draw(panel, moment, width, height)

        return drawn

    for panel in PANELS:
        patch.setattr(panel, "draw", counting(panel.draw))
    return steps


async def same_as_fresh(walker: Walker, size: tuple[int, int]) -> None:
    """The screen is that of an app that has been opened at the walker's step and has prepared nothing."""
    async with walking(walker.screen.walk.scenario, size, walker.cursor) as other:
        other.app.theme = walker.app.theme
        other.screen.settings = walker.settings
        other.screen.link = walker.screen.link
        await other.settle()
        assert regions(walker) == regions(other)


def regions(walker: Walker) -> list[tuple[str | None, object]]:
    """What each panel shows, with its looks."""
    rows = [[(char, look) for text, look in row for char in text] for row in walker.drawn()]
    shown = [panel for panel in walker.screen.panels if panel.display and panel.id != "title"]
    return [
        (panel.id, [row[panel.region.x : panel.region.right] for row in rows[panel.region.y : panel.region.bottom]])
        for panel in shown
    ]


class Sent:
    """What a terminal shows that has been sent every update, and nothing else."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.cells: dict[tuple[int, int], tuple[str, str]] = {}
        partial, full = Compositor.render_partial_update, Compositor.render_full_update

        def some(compositor: Compositor) -> object:
            dirty = compositor._dirty_regions.copy()
            update = partial(compositor)
            self._take(compositor, list(compositor._regions_to_spans(dirty)))
            return update

        def all_of_it(compositor: Compositor, simplify: bool = False) -> object:
            update = full(compositor, simplify)
            self._take(compositor, [(y, 0, compositor.size.width) for y in range(compositor.size.height)])
            return update

        patch.setattr(Compositor, "render_partial_update", some)
        patch.setattr(Compositor, "render_full_update", all_of_it)

    def _take(self, compositor: Compositor, spans: list[tuple[int, int, int]]) -> None:
        now = cells(compositor)
        for y, left, right in spans:
            self.cells |= {(x, y): now[x, y] for x in range(left, right) if (x, y) in now}


def cells(compositor: Compositor) -> dict[tuple[int, int], tuple[str, str]]:
    """Every cell of a screen as it should be."""
    found = {}
    for y, strip in enumerate(compositor.render_strips()):
        x = 0
        for segment in strip:
            for char in segment.text:
                found[x, y] = (char, look_of(segment.style))
                x += 1
    return found


def test_the_key_after_shows_what_was_prepared_and_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, 10, ahead=True) as walker:
            steps = counted(monkeypatch)
            for key in ("l", "l", "h", "h"):
                before = walker.cursor
                ahead = walker.cursor + (1 if key == "l" else -1)
                steps.clear()
                await walker.press(key)
                assert walker.cursor == ahead
                assert before not in steps
                assert ahead not in steps or key == "h", "where the direction turns, nobody could know"

    run(check())


@pytest.mark.parametrize(("name", "size"), [("softplus", SMALL), ("batch_norm", LARGE)])
def test_every_step_looks_as_if_nothing_had_been_prepared(name: str, size: tuple[int, int]) -> None:
    async def check() -> None:
        async with (
            walking(shipped(name), size, ahead=True) as walker,
            walking(shipped(name), size) as other,
        ):
            last = min(walker.screen.walk.last, 25)
            for keys in ("l" * last, "h" * 5, "]" * 3, "[" * 2, "jjk", "}{"):
                for key in keys:
                    await walker.press(key)
                    await other.press(key)
                    assert walker.drawn() == other.drawn(), (key, walker.cursor)

    run(check())


@pytest.mark.parametrize("keys", [". v", "d", "e e", ") )", "m b"])
def test_what_comes_between_spoils_what_was_prepared(keys: str) -> None:
    """Digits, edges, theme, panels, paths, links, marks."""

    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, 20, ahead=True) as walker:
            await walker.press("l", *keys.split(), "h", "l", "l")
            if keys == ") )":
                await walker.press(*keys.split())
            if keys not in ("m b", "tab"):
                await same_as_fresh(walker, LARGE)
            else:
                before = walker.drawn()
                for panel in walker.screen.panels:
                    panel.forget()
                    panel._shown = NOTHING
                    panel.redraw()
                await walker.settle()
                assert walker.drawn() == before

    run(check())


def test_what_is_sent_is_what_is_to_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are sent where they changed, and those are all the rows that changed."""
    sent = Sent(monkeypatch)

    async def check() -> None:
        async with walking(shipped("zero_init"), LARGE, 3, ahead=True, sent=True) as walker:
            keys = [*"lllhhlhl]]llh[lh}lhl{aalllaa", "tab", *"lhl", "tab", *"lh.l,h", "d", *"lhzlhzl", "3", "e", *"]l"]
            for key in [*keys, "down", *"ll", "up", *"]]]hl", "e", *"ll"]:
                await walker.press(key)
                assert sent.cells == cells(walker.screen._compositor), key

    run(check())


def test_a_resize_spoils_what_was_prepared() -> None:
    async def check() -> None:
        async with walking(shipped("zero_init"), LARGE, 5, ahead=True) as walker:
            await walker.press("l")
            await walker.resize(*SMALL)
            await walker.press("l")
            await same_as_fresh(walker, SMALL)

    run(check())


def test_an_edit_spoils_what_was_prepared() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, 20, ahead=True) as walker:
            await walker.press("l")
            before = walker.text
            await walker.press("i")
            await walker.enter("training.optimizer.learning_rate = 0.25")
            await walker.work()
            for panel in walker.screen.panels:
                assert all(moment.session is walker.screen.walk for moment, _ in panel._kept), "the old one's is kept"
            await walker.press("l", "h")
            assert walker.text != before

    run(check())


def test_a_prepared_result_is_still_a_question() -> None:
    async def check() -> None:
        async with (
            walking(shipped("softplus"), LARGE, 20, ahead=True) as walker,
            walking(shipped("softplus"), LARGE, 20) as other,
        ):
            for key in ("a", *"llllll", "h", "l", "l"):
                await walker.press(key)
                await other.press(key)
                assert walker.settings == other.settings
                assert walker.drawn() == other.drawn(), key

    run(check())


def test_few_drawings_are_kept() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), SMALL, ahead=True) as walker:
            await walker.press(*"llllllll")
            for panel in walker.screen.panels:
                assert len(panel._kept) <= KEPT

    run(check())


def test_rows_that_follow_each_other_are_one_region() -> None:
    assert list(runs([1, 2, 3, 5, 8, 9])) == [(1, 3), (5, 1), (8, 2)]
    assert list(runs([])) == []
    shown = Shown(Drawing(((), ())))
    shown.compare(Shown(Drawing(((),))))
    assert shown.changed == (1,), "a row there was not before is new"
    shown = Shown(Drawing(((),)))
    shown.compare(Shown(Drawing(((), ()))))
    assert shown.changed == (1,), "and one that is no more is to be blank"
