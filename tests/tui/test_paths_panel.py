"""The paths panel: which parameter, what is shown of its paths before the walk is there, and that the lit one is."""

from __future__ import annotations

import pytest
from helpers import text_at
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from scenes import SHIPPED, net, sampled_steps, shipped, shipped_session

from engine.notation import Place
from engine.structs import replace
from tui.draw.cells import Drawing, plain_text, width_of
from tui.draw.paths import chosen_parameter, draw_paths, lit_path, path_count
from tui.session import Session
from tui.settings import Settings


def said(drawing: Drawing) -> str:
    """The panel's words as one line."""
    return " ".join(plain_text(drawing.rows).split())


@pytest.mark.parametrize(
    ("name", "step", "parameter"),
    [
        ("tanh_paths", "z[1][2]", "b[1][2]@0"),
        ("tanh_paths", "delta[2][1]", "b[2][1]@0"),
        ("tanh_paths", "dW[2][1,2]", "W[2][1,2]@0"),
        ("tanh_paths", "W[2][1,2]@1", "W[2][1,2]@0"),
        ("tanh_paths", "db[1][2]@1", "b[1][2]@1"),
        ("tanh_paths", "loss@1", "W[1][1,1]@1"),
        ("adam_softplus", "vhatb[1][2]@1", "b[1][2]@0"),
        ("adam_softplus", "mW[1][1,2]@2", "W[1][1,2]@1"),
        ("batch_norm", "z[1][2]#3", "b[1][2]#3@0"),
        ("batch_norm", "dgamma[1][2]", "gamma[1][2]@0"),
        ("batch_norm", "xhat[1][1]#2", "gamma[1][1]#2@0"),
        ("batch_norm", "dh[1][1]#2", "beta[1][1]#2@0"),
        ("l2_on_bias", "db_penalty[1][1]", "b[1][1]@0"),
        ("schedule_cosine", "dW_clipped[1][1,1]", "W[1][1,1]@0"),
        ("schedule_cosine", "lr@1", "W[1][1,1]@1"),
        ("noise_monte_carlo", "xtilde[2]#5", "W[1][1,2]#5@0"),
        ("softmax_ascent", "a[1][3]#2", "W[1][3,1]#2@0"),
    ],
)
def test_the_parameter_behind_a_step(name: str, step: str, parameter: str) -> None:
    walk = shipped_session(name)
    assert str(chosen_parameter(walk, walk.target(step, 0))) == parameter


def test_the_weights_of_a_tied_layer_lie_with_their_owner() -> None:
    scenario = shipped("shared_weights")
    bare = replace(scenario.layers[1], biases=None)
    walk = Session(replace(scenario, layers=(scenario.layers[0], bare), expectations=()))
    step = walk.target("z[2][3]#1", 0)
    assert str(chosen_parameter(walk, step)) == "W[1][1,3]#1@0"
    assert path_count(walk, step) > 0


@pytest.mark.parametrize("name", SHIPPED)
def test_every_step_has_a_parameter_whose_paths_add_up(name: str) -> None:
    walk = shipped_session(name)
    for step in sampled_steps(walk):
        address = chosen_parameter(walk, step)
        assert address is not None
        assert address.k == walk.trace.plan.k_of(step)
        found = walk.paths(address)
        done = walk.trace.index_of(found.gradient) <= step
        text = said(draw_paths(walk, step, Settings(), 118, 200))
        assert ("equals the gradient that the walk has recorded" in text) == done
        assert f"{found.count:,} path" in text
        if not done:
            assert f"to be read from step {walk.trace.index_of(found.gradient) + 1:,} on" in text


@pytest.mark.parametrize("name", SHIPPED)
def test_a_factor_stays_a_symbol_until_the_walk_has_it(name: str) -> None:
    walk = shipped_session(name)
    notation = walk.notation(Settings())
    for step in sampled_steps(walk):
        address = chosen_parameter(walk, step)
        assert address is not None
        found = walk.paths(address)
        for hidden in (False, True):
            drawing = draw_paths(walk, step, Settings(hidden=hidden, digits=12), 4000, 200)
            for place, path in enumerate(found.paths[: path_count(walk, step)], start=1):
                line = next(text for text in plain_text(drawing.rows).split("\n") if text.split()[0] == str(place))
                for factor in path.factors:
                    at = factor.address
                    if at is None or not walk.trace.network.catalogue[at.name, at.layer].in_walk:
                        continue
                    symbol = notation.symbol(Place(at.name, at.layer, at.unit))
                    if not walk.reached(at, step, hidden):
                        assert "=" not in line.split("≈")[0] or line.count(symbol) > 1, line
            if not walk.reached(found.gradient, step, hidden):
                number = walk.printer(Settings(digits=12)).number
                factors = {number(abs(factor.value)) for path in found.paths for factor in path.factors}
                for value in (found.total, *(path.product for path in found.paths)):
                    text = number(abs(value))
                    assert len(text) < 9 or text in factors or text not in plain_text(drawing.rows)


def test_numbers_are_put_in_as_the_walk_reaches_them() -> None:
    walk = shipped_session("tanh_paths")
    first, late = walk.target("delta[2][1]", 0), walk.target("db[2][1]", 0)
    before = draw_paths(walk, walk.target("z[2][1]", 0), Settings(), 118, 9)
    assert "δ₁⁽³⁾·σ′(z₁⁽³⁾)·w₁₁⁽³⁾·tanh′(z₁⁽²⁾)·1 = δ₁⁽³⁾·σ′(z₁⁽³⁾)·1·tanh′(z₁⁽²⁾)·1 sum" in said(before)
    assert said(before).endswith(f"to be read from step {late + 1} on")
    assert "≈ (−0.99825)·0.25·1·0.87113·1 sum" in said(draw_paths(walk, first, Settings(), 118, 9))
    done = said(draw_paths(walk, late, Settings(), 118, 9))
    assert "≈ (−0.99825)·0.25·1·0.87113·1 ≈ −0.2174 the only path: ∂L/∂b₁⁽²⁾ ≈ −0.2174" in done
    asked = said(draw_paths(walk, late, Settings(hidden=True), 118, 9))
    assert "−0.2174" not in asked
    assert "sum = ∂L/∂b₁⁽²⁾ = ?" in asked


def test_the_paths_and_their_sum() -> None:
    walk = shipped_session("tanh_paths")
    step = walk.target("dW[1][1,1]", 0)
    rows = plain_text(draw_paths(walk, step, Settings(path=2), 118, 9).rows).split("\n")
    assert rows[0] == "∂L/∂w₁₁⁽¹⁾: 2 paths"
    assert rows[1].startswith(" 1  δ₁⁽³⁾·σ′(z₁⁽³⁾)·w₁₁⁽³⁾·tanh′(z₁⁽²⁾)·w₁₁⁽²⁾·tanh′(z₁⁽¹⁾)·x₁ ≈")
    assert any(row.startswith("▸2  ") for row in rows)
    assert rows[-2] == "sum = ∂L/∂w₁₁⁽¹⁾ ≈ −0.20436 + (−0.029003) ≈ −0.23336"
    assert rows[-1] == "equals the gradient that the walk has recorded"


def test_the_nodes_of_the_lit_path() -> None:
    walk = shipped_session("tanh_paths")
    step = walk.target("dW[1][1,1]", 0)
    assert [str(node) for node in lit_path(walk, step, Settings(path=2))] == [
        "W[1][1,1]@0", "z[1][1]#1@0", "a[1][1]#1@0", "z[2][2]#1@0", "a[2][2]#1@0", "z[3][1]#1@0", "a[3][1]#1@0",
        "loss@0",
    ]  # fmt: skip
    assert lit_path(walk, step, Settings()) == ()
    assert lit_path(walk, step, Settings(path=3)) == (), "there are two"
    assert path_count(walk, step) == 2


@given(st.integers(60, 120), st.integers(8, 30), st.integers(1, 64), st.booleans(), st.data())
@examples(max_examples=60)
def test_the_lit_path_is_in_sight(width: int, height: int, path: int, ascii: bool, data: st.DataObject) -> None:
    walk = shipped_session(data.draw(st.sampled_from(["batch_norm", "word2vec", "xor", "zero_init", "moons"])))
    step = data.draw(st.sampled_from(sampled_steps(walk)))
    path = 1 + path % path_count(walk, step)
    drawing = draw_paths(walk, step, Settings(path=path, ascii=ascii), width, height)
    rows = ["".join(span.text for span in row) for row in drawing.rows]
    assert sum(row.startswith(f"{'>' if ascii else '▸'}{path}  ") for row in rows) == 1
    lit = [row for row in drawing.rows if row and row[0].look.role == "symbols"]
    assert lit, "and bold"


@given(st.integers(1, 130), st.integers(0, 30), st.integers(0, 70), st.booleans(), st.booleans(), st.data())
@examples(max_examples=80)
def test_every_size_holds(width: int, height: int, path: int, ascii: bool, hidden: bool, data: st.DataObject) -> None:
    walk = shipped_session(data.draw(st.sampled_from(SHIPPED)))
    step = data.draw(st.sampled_from(sampled_steps(walk)))
    drawing = draw_paths(walk, step, Settings(path=path, ascii=ascii, hidden=hidden), width, height)
    assert len(drawing.rows) <= height
    for row in drawing.rows:
        text = "".join(span.text for span in row)
        assert width_of(text) <= width
        assert text.isascii() or not ascii
    for hit in drawing.hits:
        walk.trace.resolve(hit.target)
        assert text_at(drawing, hit).strip()


def test_every_path_is_shown_in_every_low_panel() -> None:
    walk = shipped_session("word2vec")
    step = walk.target("dW[1][1,1]", 0)
    for path in range(1, path_count(walk, step) + 1):
        for height in range(6, 15):
            rows = plain_text(draw_paths(walk, step, Settings(path=path), 78, height).rows).split("\n")
            assert len(rows) <= height
            assert any(row.startswith(f"▸{path}  ") for row in rows)


def test_what_is_left_out_is_counted() -> None:
    walk = shipped_session("batch_norm")
    step = walk.target("dW[1][1,2]", 0)
    for path in (1, 17, 36):
        rows = plain_text(draw_paths(walk, step, Settings(path=path), 118, 12).rows).split("\n")
        numbered = [row for row in rows if row[:1] in " ▸" and row[1:3].strip().isdigit()]
        left_out = sum(int(row.split()[1]) for row in rows if row.endswith(("more above", "more below")))
        assert len(numbered) + left_out == 36


def test_very_many_paths_are_counted_and_summed() -> None:
    walk = Session(net(784, 128, 10, output="softmax", loss="cross_entropy", samples=2))
    step = walk.target("dW[1][5,300]", 0)
    text = said(draw_paths(walk, step, Settings(path=1), 118, 12))
    assert text.startswith("∂L/∂w₅,₃₀₀⁽¹⁾: 200 paths, too many to list: for example ▸1")
    assert "sum of all 200 paths, by matrix products: ∂L/∂w₅,₃₀₀⁽¹⁾" in text
    assert path_count(walk, step) == 3
    assert len(lit_path(walk, step, Settings(path=3))) == 6
    assert lit_path(walk, step, Settings(path=4)) == ()


def test_paths_are_found_once_for_an_iteration() -> None:
    walk = Session(shipped("tanh_paths"))
    for step in (walk.target("dW[1][1,1]", 0), walk.target("W[1][1,1]@1", 0)):
        for path in (0, 1, 2):
            draw_paths(walk, step, Settings(path=path), 80, 10)
            lit_path(walk, step, Settings(path=path))
    assert walk.paths.cache_info().misses == 1


def test_a_walk_without_steps_has_no_paths() -> None:
    walk = Session(net(2, 2, 1, iterations=0))
    assert chosen_parameter(walk, 0) is None
    assert path_count(walk, 0) == 0
    assert lit_path(walk, 0, Settings(path=1)) == ()
    assert said(draw_paths(walk, 0, Settings(), 40, 5)) == "No paths: this walk has no steps."


def test_a_run_that_left_the_finite_numbers_does_not_crash() -> None:
    walk = Session(net(2, 3, 3, 1, activation="relu", iterations=12, rate=1e30, scale=1e10))
    for step in range(walk.last - 30, walk.last + 1):
        drawing = draw_paths(walk, step, Settings(path=1), 80, 20)
        assert "paths" in said(drawing) or "path" in said(drawing)
