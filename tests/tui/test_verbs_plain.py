"""`--plain`: the walk in lines, whole or by hand."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.scenario.read import read
from tui.main import main
from tui.session import Session
from tui.terminal import Writer
from tui.verbs.plain import HELP, PROMPT, PlainWalk

ROOT = Path(__file__).parents[2]


def by_hand(*typed: str, cursor: int = 0, file: str = "softplus", ascii: bool = True) -> list[str]:
    """What is written when these lines are typed, split at the prompts; after them, nothing more is typed."""
    stream = io.StringIO()
    lines: Iterator[str] = iter(typed)

    def ask(prompt: str) -> str:
        assert prompt == PROMPT
        stream.write("\0")
        try:
            return next(lines)
        except StopIteration:
            raise EOFError from None

    PlainWalk(Session(read(ROOT / "scenarios" / f"{file}.toml")), Writer(stream, ascii)).by_hand(cursor, ask)
    assert next(lines, None) is None, "everything typed was read"
    return stream.getvalue().split("\0")


def position(text: str) -> str:
    """The line of a block that says where it stands."""
    return next(line for line in text.splitlines() if line.startswith("step "))


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestLongLines:
    def test_a_terminal_gets_them_broken_between_words(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "40")
        screen = Screen()
        writer = Writer(screen, ascii=True, wraps=True)
        writer.lines("  W is what a weight is called whose two ends are known", "", "short", "x" * 50)
        assert screen.getvalue().split("\n") == [
            "  W is what a weight is called whose two",
            "    ends are known",
            "",
            "short",
            "x" * 50,
            "",
        ]

    def test_every_word_is_whole_at_any_width(self, monkeypatch: pytest.MonkeyPatch) -> None:
        session = Session(read(ROOT / "scenarios" / "softplus.toml"))
        alone = io.StringIO()
        PlainWalk(session, Writer(alone, ascii=True, wraps=True)).whole(150)
        for width in (24, 61, 80):
            monkeypatch.setenv("COLUMNS", str(width))
            screen = Screen()
            PlainWalk(session, Writer(screen, ascii=True, wraps=True)).whole(150)
            assert screen.getvalue().split() == alone.getvalue().split()
            longest = max(map(len, alone.getvalue().split()))
            assert max(map(len, screen.getvalue().splitlines())) <= max(width, longest + 4)

    def test_elsewhere_a_line_stays_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "40")
        stream = io.StringIO()
        Writer(stream, ascii=True, wraps=True).lines("word " * 20)
        assert stream.getvalue() == "word " * 20 + "\n"


class TestByHand:
    def test_enter_goes_on_and_b_goes_back(self) -> None:
        shown = by_hand("", "", "b")
        assert [position(text) for text in shown[:4]] == [
            "step 1/170 - iteration 1/5 - forward - layer 1 - z[1][1]",
            "step 2/170 - iteration 1/5 - forward - layer 1 - z[1][2]",
            "step 3/170 - iteration 1/5 - forward - layer 1 - a[1][1]",
            "step 2/170 - iteration 1/5 - forward - layer 1 - z[1][2]",
        ]

    def test_a_step_says_why_and_what_the_author_noted(self) -> None:
        assert by_hand()[0].split("\n\n")[2] == (
            "step 1/170 - iteration 1/5 - forward - layer 1 - z[1][1]\n"
            "  z1(1) = w11(1)*x1 + w12(1)*x2 + b1(1)\n"
            "  = (-0.5)*0.4 + 0.5*0.6 + 0.1\n"
            "  = -0.2 + 0.3 + 0.1\n"
            "  z1(1) ~ 0.2\n"
            "  z(1) [2] = W(1) [2x2] * x [2] + b(1) [2]\n"
            "  Each input times its weight, summed, plus the bias: what this unit receives before its activation.\n"
            "  Note: Ask: which weights meet in this sum? Both end in unit 1: w11 from x1 and w12 from x2."
        )

    def test_a_new_phase_or_iteration_is_said_once(self) -> None:
        shown = by_hand("7", "8", "9", "35")
        assert "Iteration 1 of 5, loss.\n" in shown[1]
        assert "Iteration 1 of 5, backward.\n" in shown[2]
        assert "Iteration" not in shown[3]
        assert "Iteration 2 of 5, forward.\n" in shown[4]

    def test_jumps(self) -> None:
        shown = by_hand("40", "loss", "loss@0", "100%", "  z[1][2]  ")
        assert [position(text).split(" - ")[0] for text in shown[1:6]] == [
            "step 40/170",
            "step 41/170",
            "step 7/170",
            "step 170/170",
            "step 138/170",
        ]

    def test_what_leads_nowhere_says_so_and_stays(self) -> None:
        shown = by_hand("171", "q[1]", "W[1]@0", "")
        assert shown[1] == "there is no step 171; expected 1 to 170; ? shows what can be typed\n"
        assert "there is no quantity 'q'" in shown[2]
        assert "starting state" in shown[3]
        assert position(shown[4]).startswith("step 2/170")

    def test_the_ends(self) -> None:
        shown = by_hand("b", "170", "", "")
        assert shown[1] == "This is the first step.\n"
        assert shown[3] == shown[4] == "This is the last step; q leaves, b goes back.\n"

    def test_help_and_leaving(self) -> None:
        shown = by_hand("?", "q")
        assert shown[1].splitlines() == list(HELP)
        assert shown[2] == ""

    def test_the_end_of_what_is_typed_leaves(self) -> None:
        assert by_hand()[-1] == "\n"

    @pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are Unix's")
    def test_on_a_terminal(self) -> None:
        import pty

        ours, theirs = pty.openpty()
        # read by the other side only as it asks: the lines wait in the terminal
        os.write(ours, b"\n\nloss\nq\n")
        with subprocess.Popen(
            [sys.executable, "-m", "tui.main", "softplus", "--plain"],
            cwd=ROOT,
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
            env={**os.environ, "TERM": "dumb"},
        ) as process:
            os.close(theirs)
            out = b""
            while True:
                try:
                    read = os.read(ours, 65536)
                except OSError:
                    # how Linux says that the other side has left
                    break
                if not read:
                    break
                out += read
            os.close(ours)
            assert process.stderr is not None
            assert process.stderr.read() == b""
            assert process.wait(timeout=60) == 0
        text = out.decode("utf-8").replace("\r\n", "\n")
        steps = [
            line.partition("/")[0].rpartition("step ")[2] for line in text.splitlines() if "/170 - iteration" in line
        ]
        assert steps == ["1", "2", "3", "7"]


class TestWhole:
    def test_every_step_with_its_notes(self, capsys: Any) -> None:
        assert main(["softplus", "--plain"]) == 0
        out = capsys.readouterr().out
        assert out.count("\nstep ") == 170
        assert out.count("\nIteration ") == 20
        assert out.count("  Note: ") == 6

    def test_from_an_address(self, capsys: Any) -> None:
        assert main(["softplus", "--at", "W[2][1,1]@5"]) == 0
        out = capsys.readouterr().out
        assert out.startswith("The 2-2-1 softplus network\n")
        assert out.count("\nstep ") == 3

    @pytest.mark.parametrize("at", [None, "loss"])
    def test_no_steps(self, at: str | None, tmp_path: Path, capsys: Any) -> None:
        file = tmp_path / "none.toml"
        text = (ROOT / "scenarios" / "softplus.toml").read_text("utf-8").partition("[expect]")[0]
        file.write_text(text.replace("iterations = 5", "iterations = 0"), "utf-8")
        assert main([str(file), *(["--at", at] if at else [])]) == (2 if at else 0)
        out, err = capsys.readouterr()
        if at:
            assert err == "backprop-tui: --at loss: this walk has no steps: its training has no iterations\n"
        else:
            assert out.endswith("\n\nThis walk has no steps: its training has no iterations.\n")

    def test_notes_for_the_lecturer(self, tmp_path: Path, capsys: Any) -> None:
        file = tmp_path / "note.toml"
        text = (ROOT / "scenarios" / "softplus.toml").read_text("utf-8").partition("[expect]")[0]
        file.write_text(text + '[[notes]]\nat = "loss@0"\ntext = "Wait."\naudience = "lecturer"\n', "utf-8")
        shown = []
        for command in (["--plain"], ["--plain", "--lecturer"]):
            assert main([str(file), *command]) == 0
            shown.append("  Note: Wait.\n" in capsys.readouterr().out)
        assert shown == [False, True]
        for form in ("text", "jsonl"):
            assert main(["trace", str(file), "--format", form]) == 0
            assert "Wait." not in capsys.readouterr().out

    def test_a_note_of_several_lines_is_one(self, tmp_path: Path, capsys: Any) -> None:
        file = tmp_path / "note.toml"
        text = (ROOT / "scenarios" / "softplus.toml").read_text("utf-8").partition("[expect]")[0]
        file.write_text(text + '[[notes]]\nat = "loss@0"\ntext = """one\ntwo\\u001b[0m"""\n', "utf-8")
        assert main([str(file)]) == 0
        assert "  Note: one two\\x1b[0m\n" in capsys.readouterr().out
