"""The scenario's notation and the settings' style on screens, in text and in exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.notation_style import STYLE_OPTIONS, Style
from engine.scenario.read import read
from engine.structs import replace
from tui.draw.formula import draw_formula
from tui.draw.graph import draw_graph
from tui.draw.network import NetworkView
from tui.draw.values import draw_values
from tui.main import main
from tui.session import Session
from tui.settings import Settings
from tui.verbs.objects import Objects

SCENARIOS = Path(__file__).parents[2] / "scenarios"
STYLES = [
    Style(letters=(("z", "s"), ("w[2]", "v′"), ("W[2]", "V′"), ("a[1]", "h"))),
    Style("from_to", "W^T", "row", "-dz", 0, 2, ",", "decimals", "truncate"),
    *(Style(**{option.name: choice}) for option in STYLE_OPTIONS for choice in option.choices[1:]),  # type: ignore[arg-type]
]


def session(name: str, style: Style | None = None) -> Session:
    scenario = read(SCENARIOS / f"{name}.toml")
    return Session(scenario if style is None else replace(scenario, notation=style))


def texts(rows: Any) -> str:
    return "\n".join("".join(span.text for span in row) for row in rows)


def test_settings_go_before_the_scenario() -> None:
    walk = session("tanh_paths")
    assert walk.notation(Settings()).style == walk.scenario.notation
    assert walk.notation(Settings(style=Style())).style == Style()
    assert walk.notation(Settings()) is walk.notation(Settings(digits=3)), "made once"
    assert walk.notation(Settings(ascii=True)) is not walk.notation(Settings())
    assert walk.notation(Settings(style=Style(base=0))) is walk.notation(Settings(style=Style(base=0), ascii=False))


def test_words_of_a_position_count_as_the_style_does() -> None:
    walk = session("zero_init")
    settings = Settings(style=Style(base=0, first_layer=2))
    step = walk.trace[walk.target("delta[2][1]", 0)]
    assert "layer 3" in walk.words(step, settings)
    assert walk.alike(step, settings).startswith("Units 0–2 of layer 3 are identical")
    assert any("Units 0–2 of layer 3 are identical" in said for said in walk.remarks(0, settings))
    assert "Units 1–3 of layer 2" in walk.alike(step)


@pytest.mark.parametrize("name", ["softplus", "zero_init", "word2vec", "batch_norm", "adam_by_hand"])
def test_exports_keep_addresses_values_and_trees(name: str) -> None:
    plain = session(name, Style())
    steps = range(0, plain.trace.plan.start(1), 3)
    expected = [Objects(plain).step(index) for index in steps]
    for style in STYLES:
        objects = Objects(session(name, style))
        for index, want in zip(steps, expected, strict=True):
            found = objects.step(index)
            assert list(found) == list(want)
            for key in set(want) - {"symbolic", "definition"}:
                assert json.dumps(found[key]) == json.dumps(want[key]), (style, key)
            if style in (Style(decimal=","), Style(digits="decimals"), Style(rounding="truncate")):
                assert found == want, "numbers in exports are never a style's"


@pytest.mark.parametrize("name", ["softplus", "word2vec", "softmax_mean"])
def test_every_style_can_be_drawn(name: str) -> None:
    walk = session(name)
    for style in STYLES:
        for ascii in (False, True):
            settings = Settings(ascii=ascii, style=style)
            for cursor in range(0, walk.trace.plan.start(1), 11):
                for rows in (
                    draw_formula(walk, cursor, settings, 60).rows,
                    draw_values(walk, cursor, settings, 40, 18).rows,
                    draw_values(walk, cursor, settings, 1, 1).rows,
                    draw_graph(NetworkView(walk, cursor, settings).model(), 60, 14, ascii=ascii).rows,
                ):
                    shown = texts(rows)
                    assert not ascii or shown.isascii(), shown


def test_tables_count_and_name_as_the_style_does() -> None:
    walk = session("softplus")
    settings = Settings(style=Style(base=0, weights="W^T", decimal=",", letters=(("z", "s"),)))
    shown = texts(draw_values(walk, walk.target("z[1][1]", 0), settings, 40, 18).rows)
    assert "W⁽¹⁾ᵀ  2×2: row to, column from" in shown
    assert " s" in shown.split("\n")[1]
    assert shown.split("\n")[2].startswith(" 0 ")
    assert "0,2000" in shown
    assert "0.2" not in shown


def test_the_walk_in_text_is_in_the_scenarios_notation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", str(SCENARIOS / "tanh_paths.toml"), "--format", "text", "--iterations", "1"]) == 0
    shown = capsys.readouterr().out
    assert "Notation: w₂₁ runs from unit 2 to unit 1; δ is ∂L/∂a." in shown
    assert "∂L/∂z₁⁽³⁾ = δ₁⁽³⁾·σ′(z₁⁽³⁾)" in shown
    assert "delta[3][1]" in shown, "an address means the same in every notation"


def test_eval_in_text_has_the_decimal_sign(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (SCENARIOS / "softplus.toml").read_text(encoding="utf-8")
    file = tmp_path / "comma.toml"
    file.write_text(text.replace("[network]", '[notation]\ndecimal = ","\n\n[network]', 1), encoding="utf-8")
    assert main(["eval", str(file), "W[1]", "x"]) == 0
    assert capsys.readouterr().out == "W[1] = [[-0,5; 0,5];\n        [-0,8; 0,8]]\nx = [[0,4; 0,6]]\n"
    assert main(["eval", str(file), "x", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"x": [[0.4, 0.6]]}
    assert main(["trace", str(file), "--format", "jsonl", "--iterations", "1"]) == 0
    assert ";" not in "".join(json.loads(line)["symbolic"] for line in capsys.readouterr().out.splitlines())
