"""The reader against mutations of the shipped files: `python tests/fuzz_reader.py --mutations 100000 --seed 1`.

Whatever is in a file, either a scenario comes of it, and it can be walked, or a `ScenarioError`, whose every problem
names a line that is there. Nothing else is raised, no file takes a second, and memory stays bounded.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import numpy as np
from fuzz_mutations import mutate, mutate_table

from engine.scenario.errors import Problem, ScenarioError
from engine.scenario.model import Scenario
from engine.scenario.read import read
from engine.trace import Trace

ROOT = Path(__file__).parents[1]
SECONDS = 1.0
"""Of processor time, for one file."""
HUNG = 10.0
"""Seconds of processor time after which a file is given up."""
MEMORY = 1_500 * 2**20
LONGEST = 700
"""Characters of a message that a person would still read."""
CHEAP = 200_000
"""Multiplications up to which a walk is run to its end."""
WITHOUT_LINE = (
    "missing: write, for example",
    "not UTF-8: byte 0xff at offset 0",
    "not UTF-8: byte 0xfe at offset 0",
    "the file is too large",
    "the file is empty",
)
"""What has no line by nature: a table that is not there, a file in another encoding, or one that is not read whole."""
_FOREIGN = re.compile(
    r"Traceback|NoneType|dtype|ndarray|msgspec|tomllib|Expected `|object at 0x|<class|Error\b|\bobject\b"
)
"""Words of programs, not of people who write scenarios."""
SMALL = "a,b,y,kind\n0.5,1.5,1,cat\n-0.5,2.5,0,dog\n1.25,-3,1,cat\n0.75,0.5,0,dog\n"


@dataclass
class Counts:
    """What came of the mutations."""

    read: int = 0
    refused: int = 0
    walked: int = 0
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)
    messages: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        total = self.read + self.refused
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**10
        return (
            f"{total:,} mutations: {self.read:,} read, {self.walked:,} of them walked to the end,"
            f" {self.refused:,} refused"
            f" in {len(self.messages):,} kinds of message; slowest {self.slowest:.3f} s, at most {memory:,} MiB;"
            f" {len(self.faults)} faults"
        )


class HungError(Exception):
    """A file took too long."""


def _ring(number: int, frame: FrameType | None) -> None:
    raise HungError(f"more than {HUNG} s")


@contextmanager
def folder() -> Iterator[Path]:
    """A folder with every shipped scenario and its data, and with what a path may lead to but should not."""
    with tempfile.TemporaryDirectory() as name:
        outside = Path(name).resolve()
        inside = outside / "scenarios"
        shutil.copytree(ROOT / "scenarios", inside, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "tests" / "engine" / "wrong" / "data", inside / "wrong" / "data")
        for path in (ROOT / "tests" / "engine").glob("everything*.toml"):
            shutil.copy(path, inside)
        (outside / "outside.csv").write_text(SMALL, "utf-8")
        (inside / "link.csv").symlink_to(outside / "outside.csv")
        (inside / "link_folder").symlink_to(outside)
        (inside / "circle.csv").symlink_to("circle.csv")
        os.mkfifo(inside / "pipe")
        with (inside / "large.csv").open("wb") as file:
            file.truncate(10 * 2**30)
        (inside / "secret.csv").symlink_to("/dev/zero")
        tables = {
            "small": SMALL, "empty": "", "nan": "a,b,y\nnan,1,1\ninf,2,2\n", "numbers": "1,2,3\n4,5,6\n",
            "quotes": 'a,y\n"1,2\n',
            "wide": ",".join(f"c{i}" for i in range(20_000)) + ",y\n" + "1," * 20_000 + "1\n",
            "long": "a,b,y\n" + "1,2,3\n" * 40_000,
        }  # fmt: skip
        for table, text in tables.items():
            (inside / "data" / f"{table}.csv").write_text(text, "utf-8")
        (inside / "data" / "binary.csv").write_bytes(bytes(range(256)) * 64)
        yield inside


def fuzz(mutations: int, seed: int, within: Path, every: int = 0) -> Counts:
    """Read so many mutated files in a folder that `folder` made; what is wrong is in the counts."""
    rng = random.Random(seed)
    texts = {path.name: path.read_text("utf-8") for path in sorted(within.glob("*.toml"))}
    names = [*texts]
    path, table = within / "fuzz.toml", within / "data" / "small.csv"
    counts = Counts()
    before = signal.signal(signal.SIGPROF, _ring)
    try:
        for number in range(1, mutations + 1):
            name = rng.choice(names)
            if rng.random() < 0.03:
                table.write_bytes(mutate_table(rng, SMALL.encode()))
                data, done = texts[name].encode(), "mutate_table"
                learnt = rng.choice((b'outputs = ["y"]', b'class = "kind", inputs = ["a", "b"]'))
                data = re.sub(
                    rb"(?ms)^\[data\]\n.*?^\[",
                    b'[data]\ncsv = { file = "data/small.csv", ' + learnt + b" }\n[",
                    data,
                    count=1,
                )
            else:
                table.write_text(SMALL, "utf-8")
                data, done = mutate(rng, texts[name])
            path.write_bytes(data)
            wrong = read_one(path, data, counts)
            for fault in wrong:
                kept = _keep(path, seed, number)
                counts.faults.append(f"mutation {number} of {name} ({done}), {kept}: {fault}")
                if every:
                    print(counts.faults[-1], flush=True)
            if every and number % every == 0:
                print(counts, flush=True)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return counts


def _keep(path: Path, seed: int, number: int) -> Path:
    """The file that shows a fault, where it can be looked at afterwards."""
    kept = Path(tempfile.gettempdir()) / "backprop-fuzz" / f"{seed}-{number}.toml"
    kept.parent.mkdir(exist_ok=True)
    shutil.copy(path, kept)
    return kept


def read_one(path: Path, data: bytes, counts: Counts) -> list[str]:
    """What is wrong with how one file is read."""
    began, took = time.process_time(), 0.0
    signal.setitimer(signal.ITIMER_PROF, HUNG)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                scenario = read(path)
            finally:
                took = time.process_time() - began
                counts.slowest = max(counts.slowest, took)
            counts.read += 1
            counts.walked += _walk(scenario)
        wrong = []
    except ScenarioError as error:
        counts.refused += 1
        wrong = check(error, data)
        for problem in error.problems:
            kind = _kind(problem)
            counts.messages[kind] += 1
            counts.examples.setdefault(kind, str(problem))
    except Exception:  # whatever it is, it is what is looked for
        wrong = [traceback.format_exc()]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    if took > SECONDS:
        wrong.append(f"took {took:.2f} s")
    return wrong


def _walk(scenario: Scenario) -> bool:
    """Make the walk, and value its first and last step where that costs little; whether it did."""
    assert scenario.y.shape == (scenario.samples, scenario.sizes[-1])
    assert all(np.isfinite(array).all() for array in (scenario.x, scenario.y))
    for layer, inputs in zip(scenario.layers, scenario.sizes, strict=False):
        assert layer.weights.shape == (layer.units, inputs)
        assert np.isfinite(layer.weights).all()
    trace = Trace(scenario)
    cost = 5_000 + trace.network.layout.size * trace.network.batches.largest
    if not len(trace) or cost > CHEAP * 10:
        return False
    assert trace[0].index == 0
    if cost * scenario.training.iterations > CHEAP:
        return False
    assert trace[-1].index == len(trace) - 1
    return True


def check(error: ScenarioError, data: bytes) -> list[str]:
    """What is wrong with what is said of a file."""
    wrong = [] if error.problems else ["refused without a problem"]
    lines = data.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").split("\n")
    for problem in error.problems:
        wrong += [f"{reason}: {problem}" for reason in _wrong(problem, lines)]
    if not all(character.isprintable() or character == "\n" for character in str(error)):
        wrong.append("something in it is an order to the terminal")
    return wrong


def _wrong(problem: Problem, lines: list[str]) -> Iterator[str]:
    if problem.line is None:
        if not problem.message.startswith(WITHOUT_LINE) or "." in problem.key:
            yield "no line"
    elif not 1 <= problem.line <= len(lines):
        yield "a line that is not there"
    elif problem.column is not None and not 1 <= problem.column <= len(lines[problem.line - 1]) + 1:
        yield "a column that is not there"
    if not problem.message.strip() or _FOREIGN.search(problem.message):
        yield "not in words for people"
    if len(problem.message) > LONGEST:
        yield f"a message of {len(problem.message):,} characters"


def _kind(problem: Problem) -> str:
    """A message without its numbers and quotations."""
    text = re.sub(r'"(?:[^"\\]|\\.)*"|`[^`]*`', "…", problem.message)
    return re.sub(r"\d[\d.,e+-]*", "0", text)[:160]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mutations", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=1_000, help="say how far it is after so many")
    parser.add_argument("--messages", type=Path, help="write an example of each kind of message to this file")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with folder() as within:
        counts = fuzz(options.mutations, options.seed, within, options.every)
    if options.messages:
        kinds = (f"{amount}× {counts.examples[kind]}\n" for kind, amount in counts.messages.most_common())
        options.messages.write_text("\n".join(kinds), "utf-8")
    print(counts)
    return 1 if counts.faults else 0


if __name__ == "__main__":
    sys.exit(main())
