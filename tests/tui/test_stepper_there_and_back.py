"""There and back on scenarios of every kind: a step looks the same from both sides, and its numbers are `eval`'s."""

from __future__ import annotations

import os
import random
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest

import pytest
from helpers import LARGE, SMALL, Drawn, Walker, run, walking
from scenes import SHIPPED, different, shipped

from engine.hand.trace import HandTrace
from engine.notation import Notation, superscript
from engine.printers.base import Printer
from engine.printers.hand import MORE
from engine.trace import Trace
from tui.draw.cells import Drawing, Hit
from tui.draw.figures import edge_number, number
from tui.settings import CARRIES
from tui.verbs.eval import values
from tui.widgets.cells import Shown
from tui.widgets.panels import DrawnPanel

SEARCH = "SEARCH" in os.environ
STEPS = 40 if SEARCH else 2
"""Steps walked one by one at either end of a long walk."""
BETWEEN = 60 if SEARCH else 2
"""Steps between them, reached by longer strides and by their numbers."""

DOT = {False: "·", True: "."}
"""What stands for a number that the walk has not reached."""


@cache
def fresh(name: str) -> Trace:
    """The scenario run on its own, not by the app."""
    return Trace(shipped(name))


@cache
def evaluated(name: str, address: str) -> float:
    """What `eval` says of an address."""
    return float(values(fresh(name), [address])[address].reshape(()))


@cache
def on_paper(name: str, address: str) -> str | None:
    """The number there by hand, as it is put into a formula; None where the file is not calculated by hand."""
    trace = fresh(name)
    if trace.scenario.arithmetic is None:
        return None
    hand = HandTrace(trace)
    return Printer(Notation(trace.network), hand.policy.digits + MORE).number(float(hand.value(trace.resolve(address))))


def made(name: str, hit: Hit) -> float:
    """The number that stands at a hit, from what `eval` says of its addresses."""
    first, *rest = (evaluated(name, address) for address in hit.of)
    for value in rest:
        first = first * value if hit.how == "product" else first - value
    return first


Cells = list[list[str]]
"""The characters on the screen, row by row."""


def on_screen(cells: Cells, panel: DrawnPanel) -> Iterator[tuple[Hit, str]]:
    """The hits of a panel that are in sight, and what the screen has there."""
    region = panel.content_region
    for hit in panel.drawing.hits:
        y = hit.y - panel.top
        if 0 <= y < region.height:
            row = cells[region.y + y]
            start = region.x + hit.x
            yield hit, "".join(row[start : min(start + hit.width, region.right)])


def _cells(text: str) -> list[str]:
    if text.isascii():
        return list(text)
    cells: list[str] = []
    for char in text:
        if unicodedata.combining(char):
            cells[-1] += char
        else:
            cells += [char, ""] if unicodedata.east_asian_width(char) in "WF" else [char]
    return cells


def check_graph(name: str, walker: Walker, cells: Cells, hit: Hit, text: str) -> int:
    if not hit.shown:
        return 0
    forms = {form(made(name, hit), hit.cells, walker.settings.ascii).strip() for form in (number, edge_number)}
    assert hit.shown in forms, hit
    assert hit.shown in text, (hit, text)
    return 1


def check_values(name: str, walker: Walker, cells: Cells, hit: Hit, text: str) -> int:
    walk, cursor, settings = walker.screen.walk, walker.screen.shown, walker.settings
    address = walk.trace.resolve(hit.target)
    if not walk.reached(address, cursor, settings.hidden):
        own = address == walk.trace.plan.place(cursor).address
        dot = DOT[settings.ascii]
        assert text.strip() in (("?",) if own else (dot, f"▹{dot}", f"'{dot}")), (hit, text)
        return 0
    assert text.strip() == number(evaluated(name, hit.target), 7, settings.ascii), (hit, text)
    return 1


def check_formula(name: str, walker: Walker, cells: Cells, hit: Hit, text: str) -> int:
    """A link of a formula reads as its symbol, or as its number in the formula's digits."""
    walk, settings = walker.screen.walk, walker.settings
    said = text.strip()
    assert said
    looks_like_a_number = said.lstrip("(−-")[:1].isdigit() or said.lstrip("(−-")[:1] in "∞N"
    if not looks_like_a_number or not walk.reached(walk.trace.resolve(hit.target), walker.screen.shown):
        return 0
    printed = walk.printer(settings).number(evaluated(name, hit.target))
    if said not in (printed, superscript(printed), on_paper(name, hit.target)):
        # a number that is broken at the end of a row stands in two pieces
        pieces = [piece for other, piece in on_screen(cells, panel_of(walker, "formula")) if other.target == hit.target]
        assert any(
            one.strip() + two.strip() == printed for one, two in zip_longest(pieces, pieces[1:], fillvalue="")
        ), (hit, said, printed)
    return 1


def panel_of(walker: Walker, name: str) -> DrawnPanel:
    return walker.screen.query_one(f"#{name}", DrawnPanel)


CHECKS = {"graph": check_graph, "values": check_values, "formula": check_formula, "paths": check_formula}


def check_numbers(name: str, walker: Walker) -> int:
    """See that every number in sight is what `eval` says of its address; how many there are."""
    found = 0
    cells = [_cells("".join(text for text, _ in row)) for row in walker.drawn()]
    for panel, check in CHECKS.items():
        shown = panel_of(walker, panel)
        if shown.display:
            found += sum(check(name, walker, cells, hit, text) for hit, text in on_screen(cells, shown))
    return found


def own_value(name: str, walker: Walker) -> None:
    """The formula says the step's own number, as `eval` has it."""
    walk, settings = walker.screen.walk, walker.settings
    address = str(walk.trace.plan.place(walker.cursor).address)
    value = walk.printer(settings).number(evaluated(name, address))
    region = " ".join(walker.region("#formula").split())
    assert (value in region) or f"= {value}" in region.replace(" ", ""), (address, value)


class Seen:
    """What each step looked like."""

    def __init__(self) -> None:
        self.drawn: dict[int, Drawn] = {}
        self.again = 0

    async def look(self, walker: Walker) -> None:
        if walker.screen.status:
            # a word about the key, not about the step
            walker.screen.status = ""
            await walker.settle()
        drawn, step = walker.drawn(), walker.cursor
        assert walker.screen.shown == step
        if step in self.drawn:
            self.again += 1
            assert drawn == self.drawn[step], f"step {step + 1} looks otherwise from the other side"
        self.drawn[step] = drawn


async def go_to(walker: Walker, step: int) -> None:
    walker.screen._go(str(step + 1))
    await walker.work()
    assert walker.cursor == step


def some_steps(name: str, last: int) -> list[int]:
    """Steps at both ends, and between them, the first ones of a part and others."""
    if last < 2 * STEPS + BETWEEN + 2:
        return list(range(last + 1))
    middle = sorted(random.Random(name).sample(range(STEPS + 1, last - STEPS), BETWEEN))
    return [*range(STEPS + 1), *middle, *range(last - STEPS, last + 1)]


# every one is drawn without an app by the tests of the panels
@pytest.mark.parametrize("name", SHIPPED if SEARCH else different())
def test_there_and_back(name: str) -> None:
    async def check() -> None:
        size = SMALL if SHIPPED.index(name) % 2 else LARGE
        async with walking(shipped(name), size) as walker:
            last, seen, found = walker.screen.walk.last, Seen(), 0
            steps = some_steps(name, last)
            for before, step in zip([None, *steps], steps, strict=False):
                if before == step - 1:
                    await walker.press("right")
                elif before is not None:
                    await go_to(walker, step)
                # the way back has another footer: nothing has been jumped from at first
                await seen.look(walker)
                found += check_numbers(name, walker)
                own_value(name, walker)
            assert walker.cursor == last
            for before, step in zip(reversed(steps), [*reversed(steps)][1:], strict=False):
                if step == before - 1:
                    await walker.press("left")
                else:
                    await go_to(walker, step)
                await seen.look(walker)
            assert seen.again == len(steps) - 1
            assert found > len(steps)

    run(check())


@pytest.mark.parametrize("name", SHIPPED if SEARCH else SHIPPED[::11])
def test_parts_and_iterations_lead_back_the_way_they_came(name: str) -> None:
    async def check() -> None:
        async with walking(shipped(name), LARGE) as walker:
            seen, found = Seen(), 0
            starts = [0]
            for key in ("]", "]", "]", "}", "]", "}"):
                await walker.press(key)
                starts.append(walker.cursor)
                found += check_numbers(name, walker)
                await seen.look(walker)
            assert starts == sorted(starts)
            for step in sorted({*starts}, reverse=True):
                while walker.cursor > step:
                    at = walker.cursor
                    await walker.press("[")
                    assert walker.cursor < at
                assert walker.cursor == step
                await seen.look(walker)
            assert found

    run(check())


VARIED = ("softplus", "batch_norm", "shared_weights", "softmax_sgd")


@pytest.mark.parametrize("name", SHIPPED if SEARCH else VARIED)
@pytest.mark.parametrize("panel", ["4", "5"])
def test_with_curves_and_paths(name: str, panel: str) -> None:
    async def check() -> None:
        async with walking(shipped(name), LARGE if panel == "5" else SMALL) as walker:
            await walker.press(panel)
            # the curves are filled in while one looks on
            await walker.work()
            seen, found = Seen(), 0
            last = walker.screen.walk.last
            steps = sorted({0, *random.Random(name).sample(range(last + 1), 2), last})
            for view in range(6 if panel == "4" else 1):
                seen.drawn.clear()
                for step in (*steps, *reversed(steps)):
                    await go_to(walker, step)
                    await seen.look(walker)
                    found += check_numbers(name, walker)
                if panel == "4":
                    await walker.press("x")
                    await walker.work()
                    assert view < 6
            assert seen.again > len(steps) - 1
            assert found

    run(check())


@pytest.mark.parametrize("name", SHIPPED if SEARCH else VARIED)
def test_with_every_carry_and_with_the_result_hidden(name: str) -> None:
    async def check() -> None:
        async with walking(shipped(name), LARGE) as walker:
            found = 0
            last = walker.screen.walk.last
            dice = random.Random(name)
            for carry in CARRIES:
                assert walker.settings.carry == carry
                seen = Seen()
                steps = sorted(dice.sample(range(last), 2))
                for hidden in (False, True):
                    seen.drawn.clear()
                    for step in (*steps, *reversed(steps)):
                        await go_to(walker, step)
                        if hidden:
                            assert walker.settings.hidden
                            assert "?" in walker.region("#formula")
                        await seen.look(walker)
                        found += check_numbers(name, walker)
                    # ask, and no longer
                    await walker.press("a")
                    if hidden:
                        await walker.press("a")
                        assert not walker.settings.hidden
                        assert not walker.screen.asking
                await walker.press("v")
            assert walker.settings.carry == "auto", "round and round"
            assert found > 20

    run(check())


def test_a_number_that_is_not_evals_would_be_seen() -> None:
    """The checks above are no empty ones."""

    async def check() -> None:
        async with walking(shipped("softplus"), LARGE, 4) as walker:
            assert check_numbers("softplus", walker) > 15
            panel = panel_of(walker, "values")
            wrong = [Hit(hit.x, hit.y, hit.width, "b[2][1]@0") for hit in panel.drawing.hits]
            panel._shown = Shown(Drawing(panel.drawing.rows, (*wrong,)))
            with pytest.raises(AssertionError):
                check_numbers("softplus", walker)

    run(check())
