"""What is measured, a function each: training, seeking, opening, streams, start-up, growth."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from statistics import median
from typing import TextIO

from benchmarks.measure import fresh, interleaved, peak_megabytes
from benchmarks.networks import LARGE, SMALL, TINY, Net
from benchmarks.peers import PEERS
from benchmarks.report import Section, ratio, seconds
from engine.trace import Trace

LIMITS = {TINY.name: 0.1, SMALL.name: 1.2, LARGE.name: 1.15}
"""Of the engine's time in that of numpy by hand."""


def _walk(net: Net) -> Callable[[], object]:
    scenario = net.scenario()
    return lambda: Trace(scenario).reach(net.updates)


def training(runs: int) -> Section:
    """Every update of a walk, to its last state, all of it seekable afterwards."""
    rows = []
    for net in (TINY, SMALL, LARGE):
        tasks: dict[str, Callable[[], object]] = {"engine": _walk(net)}
        divide = {"engine": 1}
        for name, make in PEERS.items():
            train = make(net)
            if train is not None:
                # slow peers run a tenth of the way: they are linear, and the table is wanted today
                divide[name] = 10 if name in ("PyTorch", "micrograd") else 1
                part = max(1, net.updates // divide[name])
                tasks[name] = lambda train=train, part=part: train(part)  # type: ignore[misc]
        times = {name: found * divide[name] for name, found in interleaved(runs, tasks).items()}
        by_hand = times["numpy by hand"]
        for name, found in times.items():
            limit = LIMITS[net.name] if name == "engine" else None
            rows.append(
                (
                    f"{net.name}, {net.updates:,} updates: {name}",
                    seconds(found / net.updates),
                    ratio(found / by_hand, limit),
                )
            )
    return Section(
        "Training", "Time per update, and in proportion to numpy by hand.", ("what", "an update", "ratio"), tuple(rows)
    )


def _seeks(trace: Trace, updates: int, count: int) -> tuple[list[float], list[float]]:
    """Seconds of seeks to a record anywhere, and of one step back from each."""
    generator = random.Random(2)
    far, back = [], []
    for _ in range(count):
        k = generator.randrange(1, updates)
        started = time.perf_counter()
        trace.record(k)
        between = time.perf_counter()
        trace.record(k - 1)
        far.append(between - started)
        back.append(time.perf_counter() - between)
    return far, back


def seeking(runs: int) -> Section:
    """Random seeks in a walk that has been run to its end."""
    rows = []
    for net in (TINY, LARGE.longer(2_000)):
        trace = Trace(net.scenario())
        started = time.perf_counter()
        trace.reach(net.updates)
        update = (time.perf_counter() - started) / net.updates
        far, back = _seeks(trace, net.updates, 200)
        ranked = [sorted(found) for found in (far, back)]
        limit = 0.002 if net is TINY else update
        rows.append(
            (
                f"{net.name}, {net.updates:,} updates",
                *(seconds(found[len(found) // 2]) for found in ranked),
                *(seconds(found[int(len(found) * 0.99) - 1]) for found in ranked),
                f"{seconds(limit)}",
                f"{len(trace._checkpoints) * (trace.state(0).vector.nbytes + 300) / 2**20:.0f} MiB",
            )
        )
    return Section(
        "Seeking",
        "200 fresh random seeks to a record (at most 20 ms in 99 of 100), and a step back of one iteration from there"
        " (at most the limit).",
        ("walk", "seek", "back", "seek, p99", "back, p99", "limit back", "checkpoints"),
        tuple(rows),
    )


def opening(runs: int) -> Section:
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
    return Section("Opening", "Trace, its length, its last address.", ("walk", "time", "ratio"), tuple(rows))


class _Nowhere(TextIO):
    """Takes text and counts it."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.lines = 0

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""


def streams(runs: int) -> Section:
    """`trace --format jsonl`, without a disk behind it."""
    from tui.session import Session
    from tui.verbs.groups import Selection
    from tui.verbs.trace import _jsonl

    rows = []
    for net, iterations in ((TINY, 100), (SMALL, 2)):
        session = Session(net.scenario(iterations))
        times, lines = [], 1
        for _ in range(max(1, runs // 3)):
            target = _Nowhere()
            started = time.perf_counter()
            with redirect_stdout(target):
                _jsonl(session, Selection(1, iterations), False)
            times.append(time.perf_counter() - started)
            lines = target.lines
        rows.append((net.name, f"{lines:,}", seconds(median(times) / lines)))
    return Section(
        "Streams",
        "`trace --format jsonl`; at most 20 µs a step of up to 4 terms (2-2-1).",
        ("walk", "steps", "a step"),
        tuple(rows),
    )


def start_up(runs: int) -> Section:
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
    return Section("Start-up", "A process each.", ("command", "time", "ratio"), tuple(rows))


_GROWTH = """
from benchmarks.networks import Net
from engine.trace import Trace
net = Net({net!r}, {sizes!r}, "tanh", "tanh", "half_squared_error", 1, 1, 0.01, {updates})
def prepare(): return Trace(net.scenario())
def work(trace): trace.reach({updates})
"""


def growth(runs: int) -> Section:
    """Time and memory beside the number of updates and of parameters."""
    rows = []
    for sizes, updates in (
        ((2, 2, 1), 10_000), ((2, 2, 1), 100_000), ((2, 2, 1), 1_000_000),
        ((10, 10, 1), 1_000), ((30, 30, 1), 1_000), ((100, 100, 1), 1_000), ((300, 300, 1), 1_000),
    ):  # fmt: skip
        net = Net("growth", sizes, "tanh", "tanh", "half_squared_error", 1, 1, 0.01, updates)
        found = interleaved(min(runs, 3), {"engine": _walk(net)})["engine"]
        peak = peak_megabytes(_GROWTH.format(net="growth", sizes=sizes, updates=updates))
        rows.append(
            (
                "-".join(map(str, sizes)),
                f"{net.parameters:,}",
                f"{updates:,}",
                seconds(found / updates),
                f"{peak:.1f} MiB",
            )
        )
    return Section(
        "Growth", "Time of an update, and peak memory beyond that of the imports.",
        ("network", "parameters", "updates", "an update", "memory"), tuple(rows),
    )  # fmt: skip


PARTS: dict[str, Callable[[int], Section]] = {
    "training": training,
    "seeking": seeking,
    "opening": opening,
    "streams": streams,
    "start-up": start_up,
    "growth": growth,
}
"""The screen on a pseudo-terminal (first paint, key → last byte) is measured by benchmarks/screen.py."""
