"""Walks calculated by hand, as the verbs show them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tui.main import main

ROOT = Path(__file__).parents[2]
SOFTPLUS = (ROOT / "scenarios" / "softplus.toml").read_text("utf-8")
TABLE = 'arithmetic = { decimals = 3, rounding = "truncate", exact = ["fprime", "da", "delta"] }\n'


def by_hand(tmp_path: Path, *changes: tuple[str, str]) -> str:
    text = TABLE + SOFTPLUS
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "hand.toml"
    path.write_text(text, "utf-8")
    return str(path)


def test_eval_gives_the_number_on_paper(tmp_path: Path, capsys: Any) -> None:
    file = by_hand(tmp_path)
    assert main(["eval", file, "a[2][1]#1", "W[1]@1", "W[1]", "fprime[2][1]#1", "x[1]#1"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "a[2][1]#1 = 0.780",
        "W[1]@1 = [[-0.474, 0.539],",
        "          [-0.826, 0.760]]",
        "W[1] = [[-0.5, 0.5],",
        "        [-0.8, 0.8]]",
        "fprime[2][1]#1 = 0.5416532394",
        "x[1]#1 = 0.4",
    ]
    assert main(["eval", file, "--exact", "a[2][1]#1"]) == 0
    assert capsys.readouterr().out == "a[2][1]#1 = 0.7798938737628713\n"


def test_eval_in_json_and_with_a_decimal_comma(tmp_path: Path, capsys: Any) -> None:
    file = by_hand(tmp_path, ("[network]", '[notation]\ndecimal = ","\n\n[network]'))
    assert main(["eval", file, "--format", "json", "a[2]", "W[1][1]@1"]) == 0
    assert json.loads(capsys.readouterr().out) == {"a[2]": [[0.78]], "W[1][1]@1": [-0.474, 0.539]}
    assert main(["eval", file, "W[1][1]@1"]) == 0
    assert capsys.readouterr().out == "W[1][1]@1 = [-0,474; 0,539]\n"


def test_eval_of_what_is_too_far(tmp_path: Path, capsys: Any) -> None:
    file = by_hand(tmp_path, ("iterations = 5", "iterations = 100_000_000"))
    assert main(["eval", file, "W[1]@1000000"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("backprop-tui: W[1]@1000000: update 1,000,000 is too far to work by hand: ")
    assert err.endswith("--exact gives the exact number\n")


def test_the_walk_shows_both_and_the_drift(tmp_path: Path, capsys: Any) -> None:
    file = by_hand(tmp_path)
    assert main(["trace", file, "--iterations", "1", "--phase", "forward", "--digits", "4"]) == 0
    out = capsys.readouterr().out
    assert "\nArithmetic by hand: 3 decimals, cut off, every quantity; fprime, da, delta left exact; given" in out
    block = out.split("\n\n")[5].splitlines()
    assert block[0].endswith("z[2][1]")
    assert block[-4:] == [
        "  z₁⁽²⁾ ≈ 0.1666",
        "  by hand: 1·0.798 + (−1)·0.831 + 0.2 = 0.167",
        "  exactly 0.1665654, drift +0.000435",
        "  here a printed digit differs for the first time: the exact number would be written 0.166",
    ]
    assert main([file, "--plain", "--ascii"]) == 0
    assert "  by hand: 1*0.798 + (-1)*0.831 + 0.2 = 0.167\n" in capsys.readouterr().out


def test_coarser_entries(tmp_path: Path, capsys: Any) -> None:
    assert main(["trace", by_hand(tmp_path), "--iterations", "1", "--granularity", "quantity", "--digits", "4"]) == 0
    blocks = capsys.readouterr().out.split("\n\n")
    assert blocks[2].splitlines()[-3:] == [
        "  a[1] = [[0.7981, 0.8316]]",
        "  by hand = [[0.798, 0.831]]",
        "  largest drift 0.000573",
    ]


def test_jsonl_is_the_exact_walk(tmp_path: Path, capsys: Any) -> None:
    assert main(["trace", by_hand(tmp_path), "--format", "jsonl"]) == 0
    with_table = capsys.readouterr().out
    assert main(["trace", "softplus", "--format", "jsonl"]) == 0
    assert with_table == capsys.readouterr().out
