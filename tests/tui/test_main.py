"""The command line as a shell sees it: what is dispatched where, exit statuses, and that help stays light."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from engine.plan import Granularity
from engine.quantity import Phase
from engine.scenario.model import Scenario
from tui import terminal
from tui.main import main
from tui.preferences import Preferences
from tui.session import Session
from tui.verbs.load import start_of
from tui.verbs.options import COMMANDS, GRANULARITIES, PHASES
from tui.verbs.wrong import WrongInputError

ROOT = Path(__file__).parents[2]
SOFTPLUS = ROOT / "scenarios" / "softplus.toml"


def shell(*arguments: str, python: tuple[str, ...] = ("-m", "tui.main"), **environment: str) -> Any:
    """Run the product in a process of its own, nobody at the terminal."""
    return subprocess.run(
        [sys.executable, *python, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "TERM": "xterm-256color", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


@pytest.fixture
def someone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person at a terminal that can do everything."""
    monkeypatch.setattr(terminal, "is_interactive", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("LC_ALL", raising=False)


@dataclass
class Started:
    """An app as the command line starts it, never run on a screen."""

    scenario: Callable[[], Scenario] | None
    at: str | None
    ascii: bool
    preferences: Callable[[], Preferences]
    name: str
    lecturer: bool = False
    wrong: WrongInputError | None = None
    return_code: int = 0

    def run(self) -> None:
        """Read what the app reads once it has a screen."""
        try:
            self.preferences()
            if self.scenario is not None:
                start_of(Session(self.scenario()), self.at)
        except WrongInputError as error:
            self.wrong = error

    @property
    def opened(self) -> tuple[str | None, int | None, bool]:
        """The title of the scenario, the step, and whether in ASCII."""
        scenario = self.scenario() if self.scenario else None
        return scenario and scenario.title, scenario and start_of(Session(scenario), self.at), self.ascii


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Started]:
    """The apps that were started."""
    started: list[Started] = []

    def app(*arguments: Any, **keywords: Any) -> Started:
        started.append(Started(*arguments, **keywords))
        return started[-1]

    module = ModuleType("tui.app")
    module.StepperApp = app  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tui.app", module)
    return started


class TestLight:
    @pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["trace", "--help"], ["check", "-h"]])
    def test_help_and_version_load_nothing_large(self, arguments: list[str]) -> None:
        code = (
            "import sys\nfrom tui.main import main\n"
            f"status = main({arguments!r})\n"
            "print(sorted({'numpy', 'textual', 'rich', 'msgspec', 'engine'} & set(sys.modules)), status)"
        )
        done = shell(python=("-c", code))
        assert done.stdout.splitlines()[-1] == "[] 0"
        assert done.stderr == ""

    def test_list_needs_no_numpy(self) -> None:
        code = "import sys\nfrom tui.main import main\nmain(['list'])\nprint('numpy' in sys.modules)"
        assert shell(python=("-c", code)).stdout.splitlines()[-1] == "False"

    @pytest.mark.parametrize("verb", [*COMMANDS, "plain"])
    def test_no_verb_loads_textual(self, verb: str) -> None:
        code = f"import sys, tui.verbs.{verb.replace('-', '_')}\nprint({{'textual', 'rich'}} & set(sys.modules))"
        assert shell(python=("-c", code)).stdout == "set()\n"

    def test_help_names_every_command(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--help"]) == 0
        out = capsys.readouterr().out
        assert all(f"\n  {name} " in out for name in COMMANDS)
        assert out.isascii()

    def test_choices_are_the_engines(self) -> None:
        assert [one.name.lower() for one in Granularity] == list(GRANULARITIES)
        assert [str(one) for one in Phase] == list(PHASES)

    @pytest.mark.parametrize("columns", ["100", " 60 ", "0", "-5", "wide", ""])
    def test_help_is_as_wide_as_the_terminal(self, columns: str, monkeypatch: Any) -> None:
        monkeypatch.setenv("COLUMNS", columns)
        monkeypatch.setattr("os.get_terminal_size", lambda _: os.terminal_size((90, 24)))
        monkeypatch.setattr("sys.__stdout__", sys.stderr)
        parser = COMMANDS["check"].parser("check")
        ours = parser.format_help()
        parser.formatter_class = RawDescriptionHelpFormatter
        assert ours == parser.format_help()

    def test_version_of_what_is_installed(self, monkeypatch: Any, capsys: Any) -> None:
        monkeypatch.setattr("importlib.metadata.version", lambda name: "1.2.3")
        assert main(["--version"]) == 0
        assert capsys.readouterr().out == "backprop-tui 1.2.3\n"

    def test_version_of_what_is_not(self, monkeypatch: Any, capsys: Any) -> None:
        from importlib import metadata

        def absent(name: str) -> str:
            raise metadata.PackageNotFoundError(name)

        monkeypatch.setattr(metadata, "version", absent)
        assert main(["--version"]) == 0
        assert capsys.readouterr().out == "backprop-tui (version unknown: run from its source, not installed)\n"


@pytest.mark.usefixtures("someone")
class TestOpening:
    def test_a_file_opens_the_stepper(self, opened: list[Started]) -> None:
        assert main([str(SOFTPLUS)]) == 0
        assert [app.opened for app in opened] == [("The 2-2-1 softplus network", 0, False)]
        assert opened[0].name == str(SOFTPLUS), "said while it is read"

    def test_nothing_opens_the_picker(self, opened: list[Started]) -> None:
        assert main([]) == 0
        assert main(["--ascii"]) == 0
        assert [app.opened for app in opened] == [(None, None, False), (None, None, True)]
        assert [app.name for app in opened] == ["", ""]

    @pytest.mark.parametrize(
        ("at", "step"),
        [("z[1]", 0), ("loss", 6), ("loss@1", 40), ("W[1]@1", 25), ("W[1]", 25), ("17", 16), ("100%", 169)],
    )
    def test_at(self, opened: list[Started], at: str, step: int) -> None:
        assert main(["softplus", "--at", at]) == 0
        assert [app.opened for app in opened] == [("The 2-2-1 softplus network", step, False)]

    def test_the_app_is_given_the_file_of_settings(
        self, opened: list[Started], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / "settings.toml"
        file.write_text("[show]\ndigits = 9\n")
        monkeypatch.setenv("BACKPROP_TUI_SETTINGS", str(file))
        assert main(["softplus"]) == 0
        assert opened[0].preferences().settings.digits == 9

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["softplus", "--at", "W[1]@0"], "--at: W[1]@0 has no step: it is the starting state"),
            (["softplsu"], "there is no file and no shipped scenario 'softplsu'; did you mean softplus or"),
            (["nothing.toml"], "nothing.toml: there is no such file"),
        ],
    )
    def test_what_the_app_found_wrong_is_said_when_it_has_ended(
        self, opened: list[Started], arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(arguments) == 2
        assert len(opened) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"backprop-tui: {message}")
        assert err.count("\n") == 1

    def test_the_apps_own_status_is_the_shells(self, opened: list[Started], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Started, "run", lambda self: setattr(self, "return_code", 3))
        assert main(["softplus"]) == 3
        assert len(opened) == 1

    def test_ascii_by_where_textual_writes(self, opened: list[Started], monkeypatch: Any) -> None:
        monkeypatch.setattr(sys, "__stderr__", SimpleNamespace(encoding="latin-1"))
        assert main(["softplus"]) == 0
        assert opened[0].ascii is True

    def test_a_dumb_terminal_gets_lines(self, opened: list[Any], monkeypatch: Any, capsys: Any) -> None:
        monkeypatch.setenv("TERM", "dumb")
        monkeypatch.setattr(sys, "stdin", io.StringIO("q\n"))
        assert main(["softplus"]) == 0
        assert opened == []
        assert "step 1/170 - iteration 1/5 - forward" in capsys.readouterr().out

    def test_plain_gets_lines(self, opened: list[Any], monkeypatch: Any, capsys: Any) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("q\n"))
        assert main(["--plain", "softplus"]) == 0
        assert opened == []
        assert "step 1/170 · iteration 1/5 · forward" in capsys.readouterr().out


class TestFile:
    def test_a_file_named_like_a_command(self, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "trace").write_bytes(SOFTPLUS.read_bytes())
        assert main(["./trace"]) == 0
        assert capsys.readouterr().out.startswith("The 2-2-1 softplus network\n")

    def test_a_path_wins_over_a_shipped_name(self, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "softplus").write_text(SOFTPLUS.read_text("utf-8").replace("The 2-2-1", "My own"), "utf-8")
        assert main(["softplus"]) == 0
        assert capsys.readouterr().out.startswith("My own softplus network\n")

    def test_a_shipped_name_wins_over_a_folder(self, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "softplus").mkdir()
        (tmp_path / "other").mkdir()
        assert main(["eval", "softplus", "a[1][1]"]) == 0
        capsys.readouterr()
        assert main(["eval", "other", "a[1][1]"]) == 2
        assert capsys.readouterr().err == "backprop-tui: other: this is a folder; a scenario is one TOML file\n"

    @pytest.mark.parametrize(
        ("file", "message"),
        [
            ("softplsu", "there is no file and no shipped scenario 'softplsu'; did you mean softplus or "),
            ("nothing.toml", "nothing.toml: there is no such file"),
            ("", "there is no file and no shipped scenario ''; the shipped ones are "),
            ("..", "..: this is a folder; a scenario is one TOML file"),
            ("a" * 300, f"there is no file and no shipped scenario '{'a' * 300}'; the shipped ones are "),
            ("a\0b", "there is no file and no shipped scenario 'a\\x00b'; the shipped ones are "),
        ],
    )
    def test_what_is_not_there(self, file: str, message: str, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
        monkeypatch.chdir(tmp_path)
        assert main([file]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"backprop-tui: {message}")
        assert err.count("\n") == 1

    def test_a_name_without_its_suffix(self, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "softer.toml").write_text("")
        assert main(["softer"]) == 2
        said = "there is no file and no shipped scenario 'softer'; did you mean softer.toml?"
        assert capsys.readouterr().err == f"backprop-tui: {said}\n"

    def test_a_wrong_file_says_all_as_editors_read_it(self, tmp_path: Path, capsys: Any) -> None:
        wrong = tmp_path / "wrong.toml"
        wrong.write_text(
            SOFTPLUS.read_text("utf-8").replace("inputs = 2", "inputs = 2.5").replace("[training]", "[trai]")
        )
        assert main(["eval", str(wrong), "loss"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        places = [line for line in err.splitlines() if not line.startswith(" ")]
        assert len(places) > 1
        assert all(line.startswith(f"{wrong}:") for line in places)

    def test_a_walk_too_long_to_number(self, tmp_path: Path, capsys: Any) -> None:
        long = tmp_path / "long.toml"
        long.write_text(SOFTPLUS.read_text("utf-8").replace("iterations = 5", f"iterations = {10**18}"), "utf-8")
        assert main(["trace", str(long)]) == 2
        err = capsys.readouterr().err
        assert err.startswith(f"{long}:30: training.iterations: ")
        assert "a walk of 34000000000000000000 steps; expected at most 2^63 - 1\n" in err


class TestStatus:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["softplus", "zero_init"], "expected one FILE, got 2"),
            (["tarce", "softplus"], "expected one FILE, got 2; 'tarce' is no command: did you mean trace?"),
            (["--ascii", "softplus", "trace"], "expected one FILE, got 2; the command trace must come first"),
            (["--plain"], "expected a FILE with --plain"),
            (["--at", "loss"], "expected a FILE with --at"),
            (["softplus", "--asci"], "unrecognized arguments: --asci"),
            (["eval", "softplus"], "the following arguments are required: ADDRESS"),
            (["check"], "the following arguments are required: FILE"),
            (
                ["trace", "softplus", "--digits", "0"],
                "argument --digits: expected a whole number from 1 to 17, got '0'",
            ),
            (["trace", "softplus", "--digits", "9" * 5000], "argument --digits: expected a whole number from 1 to 17"),
        ],
    )
    def test_wrong_arguments(self, arguments: list[str], message: str, capsys: Any) -> None:
        assert main(arguments) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("usage: backprop-tui")
        assert err.splitlines()[-1].startswith(f"backprop-tui: {message}")

    def test_no_file_and_nobody_there_is_the_help(self, capsys: Any) -> None:
        assert main([]) == 0
        assert capsys.readouterr().out.startswith("usage: backprop-tui [FILE]")

    def test_a_fault_of_ours(self, monkeypatch: Any, capsys: Any) -> None:
        monkeypatch.delenv("BACKPROP_TUI_DEBUG", raising=False)
        monkeypatch.setattr("tui.verbs.load.read", lambda file: 1 / 0)
        assert main(["eval", str(SOFTPLUS), "loss"]) == 70
        assert capsys.readouterr() == (
            "",
            (
                "backprop-tui: this is a fault of backprop-tui, not of what you gave it: "
                "ZeroDivisionError: division by zero\n"
                "backprop-tui: set BACKPROP_TUI_DEBUG=1 to see where it happened\n"
            ),
        )

    def test_a_fault_of_ours_looked_into(self, monkeypatch: Any, capsys: Any) -> None:
        monkeypatch.setenv("BACKPROP_TUI_DEBUG", "1")
        monkeypatch.setattr("tui.verbs.load.read", lambda file: 1 / 0)
        assert main(["eval", str(SOFTPLUS), "loss"]) == 70
        assert capsys.readouterr().err.startswith("Traceback (most recent call last):\n")

    def test_interrupted(self, monkeypatch: Any, capsys: Any) -> None:
        def interrupt(file: str) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("tui.verbs.load.read", interrupt)
        assert main(["eval", str(SOFTPLUS), "loss"]) == 130
        assert capsys.readouterr() == ("", "")

    def test_the_disk_is_full(self) -> None:
        if not Path("/dev/full").exists():
            pytest.skip("this system has no /dev/full")
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "tui.main", "trace", "softplus"],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=full,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                timeout=60,
            )
        assert (done.returncode, done.stderr) == (
            2,
            "backprop-tui: the output cannot be written: No space left on device\n",
        )


class TestPipes:
    @pytest.mark.parametrize(
        ("arguments", "unbuffered"),
        [
            (["trace", "zero_init", "--format", "jsonl"], ""),
            (["trace", "zero_init", "--format", "jsonl"], "1"),
            (["trace", "zero_init"], ""),
            (["zero_init"], "1"),
            (["check", "softplus"], ""),
            (["check", "softplus"], "1"),
            (["eval", "softplus", "loss"], ""),
            (["--help"], "1"),
            (["list"], ""),
        ],
    )
    def test_a_closed_pipe_ends_quietly(self, arguments: list[str], unbuffered: str) -> None:
        """The reader is gone before the first byte: every write fails, the interpreter's last one too."""
        reading, writing = os.pipe()
        os.close(reading)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "tui.main", *arguments],
                cwd=ROOT,
                env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=subprocess.PIPE,
                timeout=60,
            )
        finally:
            os.close(writing)
        assert done.stderr == b""
        assert done.returncode == 141

    def test_a_closed_pipe_hides_no_wrong_file(self) -> None:
        reading, writing = os.pipe()
        os.close(reading)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "tui.main", "eval", "nothing.toml", "loss"],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=subprocess.PIPE,
                timeout=60,
            )
        finally:
            os.close(writing)
        assert done.stderr == b"backprop-tui: nothing.toml: there is no such file\n"
        assert done.returncode == 2

    def test_head(self) -> None:
        with subprocess.Popen(
            [sys.executable, "-m", "tui.main", "trace", "zero_init", "--format", "jsonl"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline().startswith(b'{"step": 1,')
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(timeout=60) == 141

    @pytest.mark.parametrize("arguments", ["eval softplus loss", "trace softplus --format jsonl", "--help", "softplus"])
    def test_no_output_at_all(self, arguments: str) -> None:
        done = subprocess.run(
            ["sh", "-c", f"exec {sys.executable} -m tui.main {arguments} >&-"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, b"")

    def test_piped_it_is_the_whole_walk_in_lines(self) -> None:
        done = shell("softplus")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.count("\nstep ") == 170
        assert "step 170/170 · iteration 5/5 · update · layer 2 (output) · b[2][1]" in done.stdout

    @pytest.mark.parametrize(
        "environment", [{"LC_ALL": "C"}, {"TERM": "linux"}, {"TERM": "dumb"}, {"PYTHONIOENCODING": "latin-1"}]
    )
    def test_ascii_where_nothing_else_is_shown(self, environment: dict[str, str]) -> None:
        done = shell("zero_init", **environment)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.isascii()
        assert "step 404/404 - iteration 4/4 - update" in done.stdout

    @pytest.mark.parametrize(("asked", "wanted"), [(None, "1"), ("2", "2")])
    def test_matrices_are_multiplied_by_one_thread_unless_asked(self, asked: str | None, wanted: str) -> None:
        """Before numpy is imported: afterwards its libraries look no more."""
        code = (
            "import os, sys; from tui.main import run; early = 'numpy' in sys.modules\n"
            "sys.argv = ['backprop-tui', 'eval', 'softplus', 'loss']\n"
            "try: run()\n"
            "except SystemExit: print(early, os.environ['OPENBLAS_NUM_THREADS'])"
        )
        kept = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
        more = {} if asked is None else {"OPENBLAS_NUM_THREADS": asked}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={**kept, **more}, capture_output=True, text=True, timeout=60
        )
        assert done.stdout.splitlines()[-1] == f"False {wanted}", done.stderr
