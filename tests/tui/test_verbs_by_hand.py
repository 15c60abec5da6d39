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


# check


def test_the_rounding_of_an_answer_key(capsys: Any) -> None:
    assert main(["check", "softplus", "--find-rounding"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "softplus: all 8 printed numbers come out by hand with",
        "  3 decimals, cut off, every quantity; fprime, da, delta left exact",
        "softplus: with nothing left exact none does; the nearest, 5 decimals, rounded half to even, every quantity:",
        "  a[1][2] refuses: 0.83157 comes out, 0.831 is printed",
        "softplus: to have the first: " + TABLE.strip().replace(", exact", ', each = "quantity", exact'),
    ]
    assert main(["check", "logistic_unit", "--find-rounding"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("logistic_unit: the printed number comes out by hand with\n  5 or 6 decimals, cut off, every")
    assert "with nothing left exact" not in out


def test_where_no_rounding_fits(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "key.toml"
    path.write_text(SOFTPLUS.replace('printed = "0.780"', 'printed = "0.781"'), "utf-8")
    assert main(["check", "--find-rounding", str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{path}: none of 240 ways to round gives all 8 printed numbers; the best gives 7:"
    assert lines[1] == "  3 decimals, cut off, every quantity; fprime, da, delta left exact"
    assert lines[2] == "  a[2][1] refuses: 0.780 comes out, 0.781 is printed"


def test_nothing_to_reproduce(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "bare.toml"
    path.write_text(SOFTPLUS.partition("[expect]")[0], "utf-8")
    assert main(["check", "--find-rounding", str(path), "nothing.toml"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"backprop-tui: {path}: there is nothing to reproduce: [expect] has no ")
    assert "backprop-tui: nothing.toml: there is no such file\n" in err


def test_answers(capsys: Any) -> None:
    right = ["check", "softplus", "--answer", "dW[1][1,1] = -0.026", "--answer", "W[2][1,1]@1 = 1.095"]
    assert main(right) == 0
    assert capsys.readouterr().out.splitlines() == [
        "dW[1][1,1]: -0.026215523 rounds to -0.026",
        "W[2][1,1]@1: 1.0951361 rounds to 1.095",
        "softplus: 2 of 2 answers hold",
    ]
    assert main([*right, "--answer", "dW[2][1,1] = -0.176"]) == 1
    wrong, last = capsys.readouterr().out.splitlines()[2:]
    assert wrong.startswith("wrong: dW[2][1,1]: expected -0.176, got -0.095136115 (to 3 decimals -0.095); with every")
    assert wrong.endswith("; this is what comes out when f′ is forgotten in layer 2")
    assert last == "softplus: 2 of 3 answers hold"


def test_answers_from_a_file(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("# exercise 3\n\na[1][2]#1 = 0.831  # cut off\nz[2] = [0.167]\nloss = 0.05\n", "utf-8")
    assert main(["check", "softplus", "--answers", str(path), "--answer", "y[1] = 1"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "y[1]: 1"
    assert lines[1] == f"{path}:3: a[1][2]#1: 0.83157349 truncated to 3 decimals is 0.831"
    assert lines[2] == f"{path}:4: z[2][1]: 0.16656538 rounds to 0.167"
    assert lines[3].startswith(f"{path}:5: wrong: loss: expected 0.05, got 0.024223353")
    assert lines[4] == "softplus: 3 of 4 answers hold"


def test_answers_that_cannot_be_marked(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("a[7] = 1\nloss\n", "utf-8")
    assert main(["check", "softplus", "--answers", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == "softplus: 2 could not be marked\n"
    assert f"{path}:1: 'a[7]': there is no a in layer 7" in err
    assert f"{path}:2: 'loss': expected ADDRESS = NUMBER" in err
    # the others are marked all the same
    path.write_text("a[1][1] = 0.798\nloss 0.3\n\ndW[1] = 0.4\nloss = 0.7\n", "utf-8")
    assert main(["check", "softplus", "--answers", str(path)]) == 2
    out, err = capsys.readouterr()
    right, wrong, last = out.splitlines()
    assert right == f"{path}:1: a[1][1]: 0.79813887 rounds to 0.798"
    assert wrong.startswith(f"{path}:5: wrong: loss: expected 0.7")
    assert last == "softplus: 1 of 2 answers hold; 2 could not be marked"
    assert err.splitlines() == [
        f"backprop-tui: {path}:2: 'loss 0.3': expected ADDRESS = NUMBER, like dW[1][1,1] = -0.026",
        f"backprop-tui: {path}:4: dW[1] is 2 rows of 2 numbers, got one number",
    ]
    for more, said in (
        (["softplus", "xor", "--answer", "loss = 1"], "answers are to one FILE, got 2"),
        (["softplus", "--answers", str(tmp_path / "none.txt")], "the file cannot be read: no such file"),
        (["softplus", "--answer", "loss = 1", "--find-rounding"], "cannot be asked for together"),
    ):
        assert main(["check", *more]) == 2
        assert said in capsys.readouterr().err
    path.write_text("# nothing\n", "utf-8")
    assert main(["check", "softplus", "--answers", str(path)]) == 2
    assert "there are no answers in it" in capsys.readouterr().err
    path.write_bytes(b"loss = \xff\n")
    assert main(["check", "softplus", "--answers", str(path)]) == 2
    assert "this is not text in UTF-8" in capsys.readouterr().err
