"""The numbers on the screen are the trace's; and nets of every kind can be walked."""

from __future__ import annotations

import re

import numpy as np
import pytest
from helpers import LARGE, SMALL, Walker, run, walking
from scenes import net, shipped

from engine.address import Address
from engine.numbers import fixed
from engine.scenario.model import Scenario
from engine.structs import replace
from tui.widgets.panels import GraphPanel

WIRE = r"\s│┃├┠─━┄┅●◀▶┤┨┥┝"
IN_BOX = re.compile(rf"(?:^|[{WIRE}])([+−][0-9.]+(?:e−?[0-9]+)?|0(?:\.0+)?)(?=[{WIRE}]|$)")
"""A number in the network, what surrounds it left out."""
RESULT = re.compile(r"[=≈] (−?[0-9.]+(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)$", re.M)
"""The number at the end of a line of the formula."""


MARKS = str.maketrans("│▸▹", "   ")
"""What stands before a number in the values: a border, this step, the next."""


def plain(text: str) -> str:
    return text.replace("−", "-").replace("∞", "inf")


def columns(walker: Walker) -> dict[tuple[str, int], str]:
    """The table of units in the values panel: (head, unit) → the number, as shown."""
    rows = [row.translate(MARKS) for row in walker.region("#values").split("\n")]
    found: dict[tuple[str, int], str] = {}
    heads: list[str] = []
    for row in rows:
        words = row.split()
        if words and re.fullmatch(r"[1-9][0-9]*", words[0]) and heads and len(words) == len(heads) + 1:
            for head, word in zip(heads, words[1:], strict=True):
                found[head, int(words[0])] = plain(word)
        elif words and words[0] in ("b", "z", "a", "ŷ"):
            heads = words
        else:
            heads = []
    return found


def first_letters(head: str) -> str:
    return re.split("[⁽₁₂₃]", head)[0]


@pytest.mark.parametrize("name", ["softplus", "zero_init"])
def test_the_values_panel_says_what_the_trace_says(name: str) -> None:
    async def check() -> None:
        async with walking(shipped(name), LARGE) as walker:
            walk, compared = walker.screen.walk, 0
            names = {"b": "b", "z": "z", "a": "a", "ŷ": "a", "y": "y"}
            for at in range(3, walk.last, 17):
                walker.screen.cursor = at
                await walker.settle()
                step = walk.trace[at]
                if step.phase not in ("forward", "loss"):
                    continue
                layer = step.quantity.layer or walk.trace.network.depth
                for (head, unit), text in columns(walker).items():
                    quantity = names[first_letters(head)]
                    sample = None if quantity == "b" else 1
                    where = None if quantity == "y" else layer
                    address = Address(quantity, where, (unit,), sample, step.place.k)
                    if text == "·":
                        assert not walk.reached(address, at)
                    else:
                        assert text == fixed(float(walk.trace.value(address)), 7), f"{head} {unit} at step {at + 1}"
                        assert walk.reached(address, at)
                        compared += 1
            assert compared > 10

    run(check())


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("name", ["softplus", "zero_init"])
def test_the_network_says_what_the_trace_says(name: str, size: tuple[int, int]) -> None:
    async def check() -> None:
        async with walking(shipped(name), size) as walker:
            walk, compared = walker.screen.walk, 0
            for at in range(2, walk.last, 23):
                walker.screen.cursor = at
                await walker.settle()
                panel = walker.screen.query_one(GraphPanel)
                rows = walker.text.split("\n")
                left, top = panel.content_region.offset
                said: dict[str, str] = {}
                for hit in panel.drawing.hits:
                    cells = rows[top + hit.y].ljust(size[0])[left + hit.x : left + hit.x + hit.width]
                    number = IN_BOX.search(cells)
                    if number and not re.search("b [+−0]", cells):
                        said[hit.target] = plain(number[1])
                for target, text in said.items():
                    value = float(walk.trace.value(walk.trace.resolve(target)))
                    # an edge has fewer decimals where the gap is narrow; a weight of 0 is as wide as any other
                    written = [fixed(value, width) for width in (7, 6, 5)]
                    written += [f"0.{'0' * decimals}" for decimals in (4, 3, 2) if value == 0]
                    assert text in written, f"{target} at step {at + 1}"
                    compared += 1
            assert compared > 40

    run(check())


def test_the_formula_ends_in_the_value() -> None:
    async def check() -> None:
        async with walking(shipped("softplus"), LARGE) as walker:
            for at in range(0, 170, 17):
                walker.screen.cursor = at
                await walker.settle()
                value = walker.screen.walk.trace[at].value
                shown = [plain(text) for text in RESULT.findall(walker.region("#formula"))]
                assert shown
                said = ("·10" in text or float(text) == pytest.approx(value, rel=1e-4) for text in shown)
                assert any(said), (at, shown, value)

    run(check())


def test_the_title_says_the_loss_once_it_is_computed() -> None:
    async def check() -> None:
        async with walking(shipped("softplus")) as walker:
            for at in (6, 40, 74):
                walker.screen.cursor = at
                await walker.settle()
                loss = walker.screen.walk.trace[at].value
                assert f"loss {walker.screen.walk.printer(walker.settings).number(loss)}" in walker.region("#title")
                await walker.press("left")
                assert "loss" not in walker.region("#title"), "not before"

    run(check())


# nets

NETS: dict[str, Scenario] = {
    "1-1, one iteration": net(1, 1, iterations=1),
    "1-1-1": net(1, 1, 1, iterations=1),
    "a partial batch": net(2, 3, 1, samples=3, batch=2, iterations=4),
    "three samples": net(2, 3, 2, samples=3, iterations=2),
    "softmax": net(3, 4, 3, output="softmax", loss="cross_entropy", iterations=1),
    "softmax with squares": net(2, 3, output="softmax", iterations=1),
    "no biases": replace(net(2, 2, 1), layers=tuple(replace(layer, biases=None) for layer in net(2, 2, 1).layers)),
    "rows": net(3, 9, 6, 2, iterations=1),
    "twelve layers": net(*[2] * 13, iterations=1),
    "large numbers": net(2, 2, 1, activation="identity", scale=1e6, rate=1e-9),
    "small numbers": net(2, 2, 1, scale=1e-6),
}


@pytest.mark.parametrize("name", list(NETS))
def test_a_net_of_any_kind_is_walked_to_its_end(name: str) -> None:
    async def check() -> None:
        async with walking(NETS[name], SMALL) as walker:
            walk = walker.screen.walk
            await walker.press("w")
            steps = [*range(0, walk.last, max(1, walk.last // 12)), walk.last]
            for size, at in [*((SMALL, at) for at in steps[::2]), *((LARGE, at) for at in steps[1::2])]:
                if walker.app.size != size:
                    await walker.resize(*size)
                walker.screen.cursor = at
                await walker.settle()
                assert walker.screen.shown == at
                assert f"step {at + 1:,}/{walk.last + 1:,}" in walker.region("#timeline")
                assert walk.symbol(walk.trace[at], walker.settings) in walker.region("#formula")
            walker.queue("end", *["right"] * 3, "left")
            await walker.settle()
            assert walker.cursor == walk.last - 1

    run(check())


def test_a_batch_names_the_sample_and_its_row() -> None:
    async def check() -> None:
        async with walking(NETS["a partial batch"], LARGE) as walker:
            walk = walker.screen.walk
            walker.screen.cursor = walk.target("z[1][2]#2@0", 0)
            await walker.settle()
            assert "sample 2/2" in walker.region("#timeline")
            assert "sample 2, data row 2" in walker.region("#values")
            walker.screen.cursor = walk.target("z[1][2]#1@1", 0)
            await walker.settle()
            assert "sample 1/1" in walker.region("#timeline"), "the second batch has one"
            assert "sample 1, data row 3" in walker.region("#values")

    run(check())


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_diverging_run_is_walked_and_says_where_it_left_the_numbers(size: tuple[int, int]) -> None:
    async def check() -> None:
        scenario = net(2, 3, 1, activation="softplus", output="identity", rate=1e200, iterations=4)
        async with walking(scenario, size) as walker:
            walk = walker.screen.walk
            await walker.press("end")
            values = [walk.trace[at].value for at in range(walk.last + 1)]
            first = next(at for at, value in enumerate(values) if not np.isfinite(value))
            for at in (first - 1, first, first + 1, walk.last // 2, walk.last):
                walker.screen.cursor = at
                await walker.settle()
            assert "NaN" in walker.text or "∞" in walker.text
            await walker.press("2", "e")
            said = " ".join(walker.region("#formula").split())
            assert f"the run diverged at step {first + 1}," in said
            walker.screen.cursor = first
            await walker.settle()
            assert "Here the run leaves the finite numbers" in " ".join(walker.region("#formula").split())
            walker.screen.cursor = first - 1
            await walker.settle()
            assert "finite numbers" not in walker.text

    run(check())


def test_a_large_net_is_walked_here_and_there() -> None:
    async def check() -> None:
        rng = np.random.default_rng(1)
        scenario = net(784, 128, 10, output="softmax", loss="cross_entropy", samples=4, iterations=2, scale=0.05)
        scenario = replace(scenario, x=rng.random((4, 784)))
        async with walking(scenario, SMALL) as walker:
            walk = walker.screen.walk
            for target in (
                "z[1][128]#4",
                "dW[1][77,500]",
                "W[1][1,784]@1",
            ):
                at = walk.target(target, 0)
                walker.screen.cursor = at
                await walker.settle()
                await walker.press("3", "2")
                assert f"step {at + 1:,}/" in walker.region("#timeline")
                assert walk.symbol(walk.trace[at], walker.settings) in walker.region("#formula")
            await walker.press("g", "t", "e", "down", "down", "up", "e")
            assert walker.cursor == 0

    run(check())
