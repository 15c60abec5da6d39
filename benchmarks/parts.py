"""What is measured, a function each: training, seeking, opening, streams, start-up, growth."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from itertools import pairwise
from statistics import median
from typing import NamedTuple, TextIO

from benchmarks.measure import ROOT, fresh, interleaved, peak_megabytes, printed
from benchmarks.networks import LARGE, SMALL, TINY, Net
from benchmarks.peers import PEERS
from benchmarks.report import Section, Target, ratio, seconds
from engine.checkpoints import OVERHEAD
from engine.structs import replace
from engine.trace import Trace

SLOW = {"PyTorch": 10, "micrograd": 100}
"""Peers that run a part of the way only."""
WAY = 40
"""Iterations of a longer way back: through checkpoints."""
STRETCH = 8
"""Updates run between two seeks, for comparison."""
LIMITS = {TINY.name: 0.1, SMALL.name: 1.2, LARGE.name: 1.15}
"""Of the engine's time in that of numpy by hand."""


def _walk(net: Net) -> Callable[[], object]:
    scenario = net.scenario()
    return lambda: Trace(scenario).reach(net.updates)


def training(runs: int, share: int) -> Section:
    """Every update of a walk, to its last state, all of it seekable afterwards."""
    rows, targets = [], []
    for net in (TINY, SMALL, LARGE):
        net = net.longer(net.updates // share)
        tasks: dict[str, Callable[[], object]] = {"engine": _walk(net)}
        divide = {"engine": 1}
        for name, make in PEERS.items():
            train = make(net)
            if train is not None:
                # they are linear, and the table is wanted today
                divide[name] = SLOW.get(name, 1)
                part = max(1, net.updates // divide[name])
                tasks[name] = lambda train=train, part=part: train(part)  # type: ignore[misc]
        times = {name: found * divide[name] for name, found in interleaved(runs, tasks).items()}
        by_hand = times["numpy by hand"]
        what = f"{net.name}, {net.updates:,} updates"
        targets.append(Target(f"{what}, all seekable", times["engine"] / by_hand, LIMITS[net.name], "× numpy by hand"))
        for name, found in times.items():
            limit = LIMITS[net.name] if name == "engine" else None
            rows.append(
                (
                    f"{what}: {name}",
                    seconds(found / net.updates),
                    ratio(found / by_hand, limit),
                )
            )
    return Section(
        "Training", "Time per update, and in proportion to numpy by hand.", ("what", "an update", "ratio"), tuple(rows),
        tuple(targets),
    )  # fmt: skip


class Seeks(NamedTuple):
    """Seconds, of each one that was measured."""

    far: list[float]
    """Seeks to a record anywhere."""
    back: list[float]
    """One iteration back from each."""
    way: list[float]
    """Iterations of longer ways back."""
    update: list[float]
    """Updates that nothing is kept of, in between."""


def _seeks(trace: Trace, updates: int, count: int) -> Seeks:
    generator = random.Random(2)
    found = Seeks([], [], [], [])
    for number in range(count):
        k = generator.randrange(WAY, updates)
        times = [time.perf_counter()]
        for place in range(k, k - (WAY if number % 10 == 0 else 2), -1):
            trace.record(place)
            times.append(time.perf_counter())
        passed = [after - before for before, after in pairwise(times)]
        found.far.append(passed[0])
        found.back.append(passed[1])
        found.way.extend(passed[1:] if number % 10 == 0 else [])
        state, started = trace.state(place), time.perf_counter()
        trace.runner.advance(state, place + STRETCH, [])
        found.update.append((time.perf_counter() - started) / STRETCH)
    return found


def _p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99) - 1]


def seeking(runs: int, share: int) -> Section:
    """Random seeks in a walk that has been run to its end."""
    rows, targets = [], []
    for net in (TINY.longer(TINY.updates // share), LARGE.longer(2_000 // share)):
        trace = Trace(net.scenario())
        trace.reach(net.updates)
        found = _seeks(trace, net.updates, 200)
        update = median(found.update)
        limit = 0.002 if net.name == TINY.name else update
        kept = len(trace._checkpoints) * (trace.state(0).vector.nbytes + OVERHEAD) / 2**20
        what = f"{net.name}, {net.updates:,} updates"
        rows.append(
            (what, *(f"{seconds(median(times))}, {seconds(_p99(times))}" for times in found[:3]), seconds(update),
             f"{kept:.1f} MiB")
        )  # fmt: skip
        targets += [
            Target(f"{what}: fresh random seek, p99", _p99(found.far), 0.02, "s"),
            Target(f"{what}: one iteration back", median(found.back), limit, "s"),
            Target(f"{what}: {WAY - 1} iterations back, each", median(found.way), limit, "s"),
            Target(f"{what}: checkpoints", kept, 128.0, "MiB"),
        ]
    return Section(
        "Seeking",
        "200 fresh random seeks to a record, one iteration back from each, and from 20 of them on, iteration by"
        " iteration;\nmedian and 99th percentile. Updates, of which nothing is kept, are timed in between.",
        ("walk", "seek", "one back", f"{WAY - 1} back, each", "an update", "checkpoints"),
        tuple(rows), tuple(targets),
    )  # fmt: skip


def opening(runs: int, share: int) -> Section:
    """A walk of 10⁹ updates beside one of 10: opened, measured, its last step decoded."""

    def opened(updates: int) -> Callable[[], object]:
        scenario = replace(TINY.scenario(), training=replace(TINY.scenario().training, iterations=updates))

        def task() -> None:
            for _ in range(20):
                trace = Trace(scenario)
                trace.plan.place(len(trace) - 1)

        return task

    times = interleaved(runs, {"10": opened(10), "1,000,000,000": opened(10**9)})
    rows = [(f"{name} updates", seconds(found / 20), ratio(found / times["10"])) for name, found in times.items()]
    target = Target("a walk of 10⁹ updates opened", times["1,000,000,000"] / times["10"], 1.25, "× one of 10")
    return Section("Opening", "Trace, its length, its last address.", ("walk", "time", "ratio"), tuple(rows), (target,))


_STREAM = """
import sys
from contextlib import redirect_stdout
from benchmarks.networks import {net}
from benchmarks.parts import Nowhere
from tui.session import Session
from tui.verbs.groups import Selection
from tui.verbs.trace import write_jsonl
def prepare(): return Session({net}.scenario({iterations}))
def work(session):
    with redirect_stdout(Nowhere()): write_jsonl(session, Selection(1, {iterations}), False)
"""


class Nowhere(TextIO):
    """Takes text and counts it."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.lines = 0

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""


def streams(runs: int, share: int) -> Section:
    """`trace --format jsonl`, without a disk behind it."""
    from tui.session import Session
    from tui.verbs.groups import Selection
    from tui.verbs.trace import write_jsonl

    rows, found = [], {}
    for name, net, steps in (("TINY", TINY, 1_000_000), ("TINY", TINY, 100_000), ("SMALL", SMALL, 100_000)):
        session = Session(net.scenario())
        iterations = max(1, steps // share // session.trace.plan.start(1))
        times = []
        for _ in range(min(runs, 3)):
            target = Nowhere()
            started = time.perf_counter()
            with redirect_stdout(target):
                write_jsonl(session, Selection(1, iterations), False)
            times.append((time.perf_counter() - started) / target.lines)
        peak = peak_megabytes(_STREAM.format(net=name, iterations=iterations))
        found[name, steps] = median(times), peak
        rows.append((net.name, f"{target.lines:,}", seconds(median(times)), f"{peak:.1f} MiB"))
    (a_step, much), (_, little) = found["TINY", 1_000_000], found["TINY", 100_000]
    return Section(
        "Streams", "`trace --format jsonl`. In 2-2-1 a step has up to 3 terms, in 4-16-16-1 up to 17.",
        ("walk", "steps", "a step", "memory beyond imports"), tuple(rows),
        (
            Target("trace --format jsonl, 2-2-1, a step", a_step, 20e-6, "s"),
Target("its memory for 1,000,000 steps, beyond that for 100,000", much - little, 2.0, "MiB"),
        ),
    )  # fmt: skip


def start_up(runs: int, share: int) -> Section:
    """Commands as a shell starts them."""
    python = sys.executable
    main = "import sys; from tui.main import run; sys.argv = ['backprop-tui', *sys.argv[1:]]; raise SystemExit(run())"
    times = fresh(
        runs,
        {
            "python -c pass": [python, "-c", "pass"],
            "import numpy": [python, "-c", "import numpy"],
            "--help": [python, "-c", main, "--help"],
            "check softplus": [python, "-c", main, "check", "softplus"],
        },
    )
    limits = {"--help": ("python -c pass", 4.0), "check softplus": ("import numpy", 2.0)}
    rows = []
    for name, found in times.items():
        beside, limit = limits.get(name, ("", 0.0))
        rows.append((name, seconds(found), f"{ratio(found / times[beside], limit)} × {beside}" if beside else ""))
    targets = tuple(
        Target(name, times[name] / times[beside], limit, f"× {beside}") for name, (beside, limit) in limits.items()
    )
    return Section("Start-up", "A process each.", ("command", "time", "ratio"), tuple(rows), targets)


_GROWTH = """
from benchmarks.networks import Net
from engine.checkpoints import OVERHEAD
from engine.trace import Trace
net = Net({net!r}, {sizes!r}, "tanh", "tanh", "half_squared_error", 1, 1, 0.01, {updates})
def prepare(): return Trace(net.scenario())
def work(trace): trace.reach({updates})
"""


def growth(runs: int, share: int) -> Section:
    """Time and memory beside the number of updates and of parameters."""
    rows, found = [], {}
    for sizes, updates in (
        ((2, 2, 1), 10_000), ((2, 2, 1), 100_000), ((2, 2, 1), 1_000_000),
        ((10, 10, 1), 1_000), ((30, 30, 1), 1_000), ((100, 100, 1), 1_000), ((300, 300, 1), 1_000),
    ):  # fmt: skip
        updates //= share
        net = Net("growth", sizes, "tanh", "tanh", "half_squared_error", 1, 1, 0.01, updates)
        passed = interleaved(min(runs, 3), {"engine": _walk(net)})["engine"]
        found[sizes, updates] = passed / updates
        peak = peak_megabytes(_GROWTH.format(net="growth", sizes=sizes, updates=updates))
        rows.append(
            (
                "-".join(map(str, sizes)),
                f"{net.parameters:,}",
                f"{updates:,}",
                seconds(passed / updates),
                f"{peak:.1f} MiB",
            )
        )
    return Section(
        "Growth", "Time of an update, and peak memory beyond that of the imports.",
        ("network", "parameters", "updates", "an update", "memory"), tuple(rows),
        (
            Target(
                "an update of 1,000,000, 2-2-1",
                found[(2, 2, 1), 1_000_000 // share] / found[(2, 2, 1), 10_000 // share], 1.25, "× one of 10,000",
            ),
        ),
    )  # fmt: skip


def screen(runs: int, share: int) -> Section:
    """Keys and starts on a pseudo-terminal: what benchmarks/screen.py prints."""
    script = str(ROOT / "benchmarks" / "screen.py")
    text = printed([sys.executable, script, "--keys", str(200 // share), "--starts", str(runs)])
    _, *lines = text.splitlines()
    rows, targets = [], []
    for line in lines:
        name, p50, p95, keys, paint, first, step, walk = line.rsplit(None, 7)
        rows.append((name.strip(), f"{p50} ms", f"{p95} ms", keys, f"{paint} ms", first, f"{step} ms", walk))
        if not rows[1:]:
            continue
        targets.append(Target(f"{name.strip()}: key to last byte, p95", float(keys), 3.0, "× a bare Textual app"))
        targets.append(Target(f"{name.strip()}: first paint", float(first), 1.3, "× a bare Textual app"))
    return Section(
        "Screen",
        "A pseudo-terminal of 120×40: from a key to the last byte it makes the app write, from the start of the"
        " process\nto its first whole screen, and to the first step on it; each beside a bare Textual app.",
        ("app", "key, p50", "key, p95", "ratio", "first paint", "ratio", "first step", "ratio"),
        tuple(rows), tuple(targets),
    )  # fmt: skip


PARTS: dict[str, Callable[[int, int], Section]] = {
    "training": training,
    "seeking": seeking,
    "opening": opening,
    "streams": streams,
    "start-up": start_up,
    "screen": screen,
    "growth": growth,
}
"""Each of the number of runs, and of the share of the work that is done: 1 is all of it, 10 a tenth."""
