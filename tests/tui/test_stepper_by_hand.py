"""The numbers by hand in the stepper: beside the exact ones, never stale, never waited for, never told too early."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest
from helpers import LARGE, SMALL, Walker, keys_of, run, text_at, walking
from scenes import SCENARIOS, net, shipped
from textual.worker import WorkerCancelled

from engine.arithmetic import Arithmetic
from engine.hand.trace import HandTrace
from engine.printers.hand import MORE, hand_lines
from engine.scenario.model import Scenario
from engine.scenario.read import read
from engine.structs import replace
from engine.trace import Trace
from tui import by_hand
from tui.by_hand import ByHand
from tui.draw.formula import HAND, draw_formula, links
from tui.draw.values import table_text
from tui.session import Session
from tui.settings import ARITHMETIC, Settings

PAPER = "softplus_by_hand"


def flat(text: str) -> str:
    return " ".join(text.split())


def drawn(session: Session, step: int, settings: Settings, width: int = 78, height: int | None = None) -> str:
    rows = draw_formula(session, step, settings, width, height).rows
    return flat(" ".join("".join(span.text for span in row) for row in rows))


def wanted(scenario: Scenario, step: int, settings: Settings) -> list[str]:
    """What the engine says of a step, worked in a walk of its own."""
    trace = Trace(scenario)
    printer = Session(scenario).printer(settings)
    return [flat(str(line)) for line in hand_lines(trace, HandTrace(trace), step, printer)]


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_number_the_drift_and_the_first_digit_are_shown(size: tuple[int, int], ascii: bool) -> None:
    async def check() -> None:
        scenario = shipped(PAPER)
        for at in ("a[1][1]", "z[2][1]", "delta[1][2]", "W[1][1,1]@1", "W[2][1,2]@3"):
            async with walking(scenario, size, at, ascii=ascii, environment={"NO_COLOR": "1"}) as walker:
                await walker.work()
                shown = flat(walker.region("#formula"))
                lines = wanted(scenario, walker.cursor, walker.settings)
                assert [line for line in lines if line not in shown] == [], at
                assert walker.text.isascii() or not ascii
                assert "exact + by hand" in walker.text

    run(check())


@pytest.mark.parametrize(("id", "key"), keys_of("arithmetic"))
def test_both_or_one_alone(id: str, key: str) -> None:
    async def check() -> None:
        async with walking(replace(shipped(PAPER), notes=()), LARGE, "z[2][1]") as walker:
            said = {"both": "exact + by hand", "hand": "formula by hand", "exact": "   exact"}
            for mode in (*ARITHMETIC, "both"):
                assert walker.settings.arithmetic == mode
                shown = walker.region("#formula")
                assert ("1·0.79814" in shown) == (mode != "hand")
                assert ("= 0.167" in shown) == ("drift +0.000435" in shown) == (mode != "exact")
                assert said[mode] in walker.text.split("\n")[0]
                await walker.press(key)

    run(check())


def test_what_is_not_calculated_by_hand_says_so() -> None:
    async def check() -> None:
        async with walking(shipped("softplus")) as walker:
            await walker.press("A")
            assert walker.settings.arithmetic == "both"
            assert "it has no [arithmetic]" in walker.region("#timeline")
            assert "exact + by hand" not in walker.text
            assert "by hand" not in walker.region("#formula")

    run(check())


def steps_of(session: Session) -> Iterator[int]:
    yield from range(session.trace.plan.start(2))


@pytest.mark.parametrize("mode", ARITHMETIC)
def test_a_question_tells_no_number_by_hand(mode: str) -> None:
    """Nor the drift, nor whether a digit differs: with the exact number put in, both would tell it."""
    session = Session(replace(shipped(PAPER), notes=()))
    assert session.by_hand is not None
    for step in steps_of(session):
        open_, asked = (drawn(session, step, Settings(arithmetic=mode, hidden=hidden)) for hidden in (False, True))
        paper = session.by_hand.paper(step)
        assert paper is not None
        if mode == "exact":
            assert "by hand" not in open_
            continue
        assert f"by hand: {paper.text}" in open_ or re.search(rf"[=≈] {re.escape(written(paper.text))} exactly", open_)
        assert "drift" not in asked
        assert "digit" not in asked
        assert re.search(r"by hand: (.* = )?\?", asked)
        after = asked.partition("by hand:")[2]
        assert not re.search(rf"[=≈] {re.escape(written(paper.text))}(?![\d.])", after), asked


def written(text: str) -> str:
    return text.replace("-", "−")


def test_a_symbol_by_hand_leads_to_its_step_and_so_does_the_first_digit() -> None:
    session = Session(shipped(PAPER))
    step = session.target("W[1][1,1]@1", 0)
    settings = Settings(arithmetic="hand")
    named = {str(link.address): link.text for link in links(session, step, settings)}
    assert named["dW[1][1,1]@0"] == "∂L/∂w₁₁⁽¹⁾"
    assert named["z[2][1]#1@0"] == "z[2][1]#1@0"
    hits = [hit.target for hit in draw_formula(session, step, settings, 120).hits]
    assert hits.count("dW[1][1,1]@0") == 2, "the symbol, and the number by hand"


def test_every_number_put_in_is_the_one_by_hand_of_its_link() -> None:
    session = Session(shipped(PAPER))
    hand, settings = session.hand, Settings(arithmetic="hand", ascii=True)
    assert hand is not None
    rough = session.printer(replace(settings, digits=hand.policy.digits + MORE))
    found = 0
    for step in steps_of(session):
        drawing = draw_formula(session, step, settings, 20_000)
        (line,) = [y for y, row in enumerate(drawing.rows) if row and row[0].text.startswith("by hand:")]
        for hit in drawing.hits:
            if hit.y == line:
                number = rough.number(float(hand.value(session.trace.resolve(hit.target))))
                assert text_at(drawing, hit) == number, hit
                found += 1
    assert found > 100


@pytest.mark.parametrize("width", [1, 2, 9])
def test_the_smallest_places(width: int) -> None:
    session = Session(shipped(PAPER))
    for height in (1, 2):
        for ascii in (False, True):
            assert len(draw_formula(session, 25, Settings(ascii=ascii), width, height).rows) <= height


def test_a_projector_shows_it_too() -> None:
    session = Session(shipped(PAPER))
    step = session.target("z[2][1]", 0)
    said = drawn(session, step, Settings(big=True), 80, 12)
    assert "= 0.167" in said
    assert "drift +0.000435" in said


# what takes longer


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> tuple[Event, Event]:
    """Nothing is worked on the spot; a thread works on once it is let, and says when it has begun."""
    let, begun = Event(), Event()
    work = ByHand.work

    def waiting(self: ByHand, step: int, progress: object) -> bool:
        def slowly(done: int) -> bool:
            begun.set()
            assert let.wait(20)
            return progress(done)  # type: ignore[operator,no-any-return]

        return work(self, step, slowly)

    monkeypatch.setattr(by_hand, "AT_ONCE", 0)
    monkeypatch.setattr(ByHand, "work", waiting)
    return let, begun


async def rest(walker: Walker) -> None:
    """Wait for what is computed, without complaint about what was left off."""
    await walker.settle()
    for worker in walker.app.workers:
        with suppress(WorkerCancelled):
            await worker.wait()
    await walker.settle()


async def begin(walker: Walker, begun: Event) -> None:
    """Until a thread is at work."""
    while not begun.is_set():
        await walker.settle()


def test_a_far_step_is_worked_beside_and_no_key_waits(slow: tuple[Event, Event]) -> None:
    let, begun = slow

    async def check() -> None:
        scenario = shipped(PAPER)
        async with walking(scenario) as walker:
            let.set()
            await rest(walker)
            begun.clear()
            let.clear()
            await walker.press("end")
            await begin(walker, begun)
            assert walker.cursor == walker.screen.shown == walker.screen.walk.last
            assert "by hand: being worked, update" in walker.region("#formula")
            assert "of 4 (Esc stops)" in walker.region("#formula")
            await walker.press("v", "t", "left", "right")
            assert walker.settings.carry != "auto", "keys go on"
            assert "drift" not in walker.region("#formula"), "no number of another step"
            let.set()
            await rest(walker)
            shown = flat(walker.region("#formula"))
            assert all(line in shown for line in wanted(scenario, walker.cursor, walker.settings))

    run(check())


def test_escape_stops_it_and_a_move_goes_on(slow: tuple[Event, Event]) -> None:
    let, begun = slow

    async def check() -> None:
        async with walking(shipped(PAPER), at="W[1][1,1]@5") as walker:
            await begin(walker, begun)
            await walker.press("escape")
            let.set()
            await rest(walker)
            assert "by hand: stopped at update" in walker.region("#formula")
            assert "(any move goes on)" in walker.region("#formula")
            states = walker.screen.walk.hand
            assert states is not None
            assert len(states._states) < 5, "it has been stopped"
            begun.clear()
            let.clear()
            await walker.press("right")
            await begin(walker, begun)
            assert "by hand: being worked, update" in walker.region("#formula")
            let.set()
            await rest(walker)
            assert "drift" in walker.region("#formula")

    run(check())


def test_moving_away_leaves_nothing_behind(slow: tuple[Event, Event], monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread of the step left ends later: what is shown is the step one is at, and the screen waits for neither."""
    let, begun = slow

    async def check() -> None:
        scenario = shipped(PAPER)
        async with walking(scenario, at="W[1][1,1]@5") as walker:
            await begin(walker, begun)
            monkeypatch.setattr(by_hand, "AT_ONCE", 10**9)
            await walker.press("home", "right")
            assert walker.cursor == 1
            assert "drift" not in walker.region("#formula")
            let.set()
            await rest(walker)
            shown = flat(walker.region("#formula"))
            assert all(line in shown for line in wanted(scenario, 1, walker.settings))

    run(check())


def test_an_edit_is_worked_by_hand_anew(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text((SCENARIOS / f"{PAPER}.toml").read_text("utf-8"), "utf-8")

    async def check() -> None:
        async with walking(read(file), at="W[1][1,1]@1") as walker:
            before = flat(walker.region("#formula"))
            assert "= −0.474" in before
            await walker.press("i")
            await walker.enter("x[1] = 0.9")
            await rest(walker)
            shown = flat(walker.region("#formula"))
            assert shown != before
            assert "= −0.474" not in shown
            edited = walker.screen.walk.scenario
            assert edited.x[0, 0] == 0.9
            lines = wanted(edited, walker.cursor, walker.settings)
            assert all(line in shown for line in lines), (lines, shown)
            await walker.press("u")
            await rest(walker)
            assert flat(walker.region("#formula")) == before

    run(check())


def test_too_far_is_said_and_the_exact_numbers_stay() -> None:
    async def check() -> None:
        made = replace(net(4, 6, 2, iterations=10_000), arithmetic=Arithmetic(3))
        async with walking(made, LARGE, "z[1][1]@9999") as walker:
            await walker.press("A")
            assert "not worked: update 9,999 is too far" in walker.region("#formula")
            assert len(walker.region("#formula").split("≈")) > 2, "alone they would leave nothing"

    run(check())


# taking away


async def copied(walker: Walker, what: str) -> str:
    walker.screen._copy(what)
    await walker.settle()
    return walker.app.clipboard


def test_copies_say_which_number_they_are() -> None:
    async def check() -> None:
        async with walking(shipped(PAPER), at="dW[1][1,1]") as walker:
            exact = repr(walker.screen.walk.trace[walker.cursor].value)
            assert await copied(walker, "value") == exact
            assert walker.screen.status.endswith(", exact")
            assert (await copied(walker, "tsv")).startswith("dW[1]@0 exact\t1\t2\n1\t-0.026215")
            assert "by hand: " in await copied(walker, "formula")
            assert walker.screen.status.endswith(", exact and by hand")
            await walker.press("A")
            assert await copied(walker, "value") == "-0.026"
            assert walker.screen.status.endswith(", by hand")
            assert await copied(walker, "tsv") == "dW[1]@0 by hand\t1\t2\n1\t-0.026\t-0.039\n2\t0.026\t0.040\n"
            assert exact not in await copied(walker, "formula")
            await walker.press("A")
            assert await copied(walker, "value") == exact
            assert "by hand" not in await copied(walker, "formula")

    run(check())


def test_a_table_by_hand_is_the_hand_walks() -> None:
    session = Session(shipped(PAPER))
    for step in list(steps_of(session))[::5]:
        table = table_text(session, step, Settings(arithmetic="hand"), "markdown")
        assert session.hand is not None
        found = session.hand.step(step)
        assert session.hand.text(found.address, found.value) in table
        assert "by hand" in table.split("\n")[0]


def test_nothing_is_copied_before_it_is_there(slow: tuple[Event, Event]) -> None:
    let, begun = slow

    async def check() -> None:
        async with walking(shipped(PAPER), at="W[1][1,1]@5") as walker:
            await begin(walker, begun)
            await walker.press("A", "y")
            assert walker.screen.status == "it is still being worked by hand"
            assert walker.app.clipboard == ""
            let.set()
            await rest(walker)
            await walker.press("y")
            assert walker.app.clipboard != ""

    run(check())


@pytest.mark.parametrize("ascii", [False, True])
def test_a_picture_names_what_its_numbers_depend_on(
    ascii: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def check() -> None:
        async with walking(shipped(PAPER), at="z[2][1]", ascii=ascii) as walker:
            await walker.press("ctrl+e")
            (file,) = tmp_path.iterdir()
            picture = file.read_text("utf-8")
            said = flat(" ".join(re.findall(r'xml:space="preserve">(.*?)</text>', picture)))
            assert "Arithmetic by hand: 3 decimals, cut off, every quantity; fprime, da, delta left exact" in said
            assert "Loss: squared_error, factor 0.5, sum over outputs, sum over samples." in said
            view = re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', picture)
            lowest = max(float(y) for y in re.findall(r'<text x="12" y="([\d.]+)"', picture))
            assert view
            assert lowest < float(view[1]), "within the picture"
            assert picture.rstrip().endswith("</svg>")

    run(check())


def test_kinds_of_lines_have_looks() -> None:
    from tui.draw.formula import LOOKS, PRIORITY

    assert set(HAND) <= set(LOOKS)
    assert set(HAND) <= set(PRIORITY)
