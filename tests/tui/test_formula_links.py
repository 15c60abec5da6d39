"""The formula's links: what stands where, at every width; the value left open as a question; the projector's form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

import pytest
from helpers import text_at
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from scenes import SHIPPED, net, sampled_steps, shipped_session

from engine.address import Address, AddressError
from engine.explain import Explanation, explain
from engine.formula.nodes import Node, Symbol, children
from engine.notation import Place, superscript
from engine.printers.lines import lines
from engine.printers.marks import Marks, bare
from tui.draw.cells import Drawing, plain_text, width_of
from tui.draw.formula import draw_formula, links
from tui.session import Session
from tui.settings import Settings

WIDE = 20_000
"""A width at which nothing is wrapped."""


def symbols_of(node: Node | None) -> Iterator[Symbol]:
    if isinstance(node, Symbol):
        yield node
    if node is not None:
        for child in children(node):
            yield from symbols_of(child)


def named(explanation: Explanation) -> set[Address]:
    """Every address that an explanation may name."""
    long = [side for equation in explanation.long_way for side in (equation.left, equation.right)]
    trees = [explanation.tree, explanation.called, explanation.stated, *long]
    return {symbol.address for tree in trees for symbol in symbols_of(tree)}


def roles(drawing: Drawing) -> list[str]:
    """The role that each row begins with."""
    return [row[0].look.role if row else "" for row in drawing.rows]


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("name", SHIPPED)
def test_a_link_names_what_is_printed_there(name: str, ascii: bool) -> None:
    walk = shipped_session(name)
    settings = Settings(ascii=ascii, long_way=True, arithmetic="exact")
    printer, notation = walk.printer(settings), walk.notation(settings)
    for step in sampled_steps(walk):
        explanation = explain(walk.trace, step)
        drawing = draw_formula(walk, step, settings, WIDE)
        kinds = roles(drawing)
        for hit in drawing.hits:
            address = walk.trace.resolve(hit.target)
            assert address in named(explanation)
            assert address != explanation.step.address
            symbols = {
                notation.symbol(Place(address.name, address.layer, address.unit, sample))
                for sample in (None, address.sample)
            }
            number = printer.number(float(walk.trace.value(address)))
            put_in = kinds[hit.y] == "numbers" and plain_text((drawing.rows[hit.y],)).startswith(" ")
            wanted = symbols if hit.y == 0 else {number} if put_in else {number, *symbols}
            assert text_at(drawing, hit) in {*wanted, *map(superscript, wanted)}
        # every symbol of an unabridged formula is a link, and its number is one too
        links = {y: sum(hit.y == y for hit in drawing.hits) for y in range(2)}
        if len(kinds) > 1 and kinds[1] == "numbers" and explanation.stated is explanation.called is None:
            assert links[0] == links[1] > 0


@pytest.mark.parametrize("name", SHIPPED)
def test_marks_change_nothing_that_is_printed(name: str) -> None:
    walk = shipped_session(name)
    for step in sampled_steps(walk):
        explanation = explain(walk.trace, step)
        marked, plain = walk.printer(Settings()), walk.printer(Settings())
        marked.marks = Marks()
        assert [bare(str(line)) for line in lines(explanation, marked, True)] == [
            str(line) for line in lines(explanation, plain, True)
        ]


@given(st.sampled_from(SHIPPED), st.integers(1, 130), st.booleans(), st.data())
@examples(max_examples=60)
def test_links_survive_wrapping(name: str, width: int, ascii: bool, data: st.DataObject) -> None:
    walk = shipped_session(name)
    step = data.draw(st.sampled_from(sampled_steps(walk)))
    settings = Settings(ascii=ascii)

    def linked(drawing: Drawing) -> list[tuple[str, str]]:
        """What is linked to each address in a row of links to it: a broken one stands in several pieces."""
        pieces = [(hit.target, text_at(drawing, hit).replace(" ", "")) for hit in drawing.hits]
        return [
            (target, "".join(text for _, text in group)) for target, group in groupby(pieces, key=lambda pair: pair[0])
        ]

    narrow = draw_formula(walk, step, settings, width)
    assert linked(narrow) == linked(draw_formula(walk, step, settings, WIDE))
    assert all(hit.x + hit.width <= max(width, 2) for hit in narrow.hits)


def test_links_in_reading_order_each_once_with_their_steps() -> None:
    walk = shipped_session("softplus")
    step = walk.target("z[2][1]", 0)
    found = links(walk, step, Settings())
    assert [str(link.address) for link in found] == [
        "W[2][1,1]@0", "a[1][1]#1@0", "W[2][1,2]@0", "a[1][2]#1@0", "b[2][1]@0"
    ]  # fmt: skip
    assert [link.text for link in found] == ["w₁₁⁽²⁾", "a₁⁽¹⁾", "w₁₂⁽²⁾", "a₂⁽¹⁾", "b₁⁽²⁾"]
    assert [link.step for link in found] == [None, 2, None, 3, None], "given numbers have no step"


@pytest.mark.parametrize("name", SHIPPED)
def test_every_link_can_be_chosen_and_is_where_its_text_is(name: str) -> None:
    walk = shipped_session(name)
    for step in sampled_steps(walk, 4):
        found = links(walk, step, Settings())
        assert len({link.address for link in found}) == len(found)
        for place, link in list(enumerate(found))[:12]:
            drawing = draw_formula(walk, step, Settings(), WIDE, link=place)
            lit = [span.text for row in drawing.rows for span in row if span.look.role == "cell_current"]
            wanted = [text_at(drawing, hit) for hit in drawing.hits if hit.target == str(link.address)]
            assert lit == wanted
            assert link.text in lit
            if link.step is not None:
                assert walk.trace[link.step].address == link.address
            else:
                with pytest.raises(AddressError):
                    walk.trace.index_of(link.address)


def test_a_link_that_is_not_there_is_none() -> None:
    walk = shipped_session("softplus")
    for link in (-1, 99):
        rows = draw_formula(walk, 0, Settings(), 78, link=link).rows
        assert rows == draw_formula(walk, 0, Settings(), 78).rows


@pytest.mark.parametrize("name", SHIPPED)
def test_a_question_shows_neither_the_value_nor_why(name: str) -> None:
    walk = shipped_session(name)
    for step in sampled_steps(walk):
        drawing = draw_formula(walk, step, Settings(hidden=True, long_way=True), WIDE)
        kinds = roles(drawing)
        result = kinds.index("result")
        assert plain_text(drawing.rows[result : result + 1]).strip() == "= ?"
        assert kinds[0] == "symbols"
        assert set(kinds) <= {"symbols", "numbers", "result", "note", "dim", "array"}
        said = plain_text(drawing.rows)
        assert not re.search("because .* [<>≤≥] 0$|form above agrees", said, re.MULTILINE)


def test_a_question_does_not_tell_which_branch_is_taken() -> None:
    walk = shipped_session("dead_relu")
    step = walk.target("fprime[1][1]", 0)
    asked = plain_text(draw_formula(walk, step, Settings(hidden=True), 78).rows).split("\n")[:3]
    assert asked == [
        "relu′(z₁⁽¹⁾) = 1 if z₁⁽¹⁾ > 0 else 0",
        "             = 1 if 0.55 > 0 else 0",
        "             = ?",
    ]
    assert "because z₁⁽¹⁾ > 0" in plain_text(draw_formula(walk, step, Settings(), 78).rows)


def test_a_question_keeps_its_notes() -> None:
    walk = shipped_session("softplus")
    assert "▸ Ask:" in plain_text(draw_formula(walk, 0, Settings(hidden=True), 78).rows)


def test_for_a_projector_one_equation_a_line() -> None:
    walk = shipped_session("softplus")
    step = walk.target("a[1][1]", 0)
    big = plain_text(draw_formula(walk, step, Settings(big=True), 78).rows).split("\n")
    assert big[:7] == [
        "a₁⁽¹⁾ = softplus(z₁⁽¹⁾)", "", "      = ln(1 + e^z₁⁽¹⁾)", "", "      ≈ ln(1 + e^0.2)", "", "      ≈ 0.79814"
    ]  # fmt: skip
    assert "[2]" not in "".join(big), "no line of arrays"
    low = draw_formula(walk, step, Settings(big=True), 78, 5).rows
    assert len(low) == 5
    assert all(low), "no blank line where lines are short"


@given(st.integers(1, 130), st.integers(1, 14), st.booleans(), st.booleans(), st.booleans(), st.data())
@examples(max_examples=60)
def test_every_form_keeps_within_its_place(
    width: int, height: int, ascii: bool, hidden: bool, big: bool, data: st.DataObject
) -> None:
    walk = shipped_session(data.draw(st.sampled_from(SHIPPED)))
    step = data.draw(st.sampled_from(sampled_steps(walk)))
    drawing = draw_formula(walk, step, Settings(ascii=ascii, hidden=hidden, big=big), width, height, link=0)
    assert len(drawing.rows) <= height
    for row in drawing.rows:
        text = "".join(span.text for span in row)
        assert width_of(text) <= width
        assert text.isascii() or not ascii
    for hit in drawing.hits:
        assert 0 <= hit.y < len(drawing.rows)
        assert text_at(drawing, hit).strip()


@pytest.mark.parametrize(("width", "height"), [(78, 5), (118, 11)])
def test_the_value_of_a_long_sum_is_seen_in_a_low_panel(width: int, height: int) -> None:
    walk = Session(net(64, 8, 3))
    rows = draw_formula(walk, 0, Settings(), width, height).rows
    shown = {span.look.role for row in rows for span in row}
    assert {"symbols", "numbers", "result"} <= shown
