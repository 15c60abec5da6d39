"""The screen's speed against a bare Textual app that updates one label: `python benchmarks/screen.py`.

Every app runs on a pseudo-terminal of its own, 120×40, in the same run; keys go to them in turn. Measured are the time
from a key to the last byte it makes the app write, and from the start of the process to its first whole screen.
Ratios are what counts: the machine's noise is in all of them.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

COLUMNS, ROWS = 120, 40
QUIET = 0.08
"""Seconds without a byte after which an answer is said to be whole."""
PATIENCE = 30.0
STRAY = re.compile(rb"\x1b\[[0-9;?$<>=]*[a-zA-Z]|\x1b\][^\x07]*\x07|\x1b[()][A-Z0-9]")

BARE = """
from textual.app import App
from textual.widgets import Label

class Bare(App):
    def compose(self):
        self.count = 0
        yield Label("step 0/1", id="label")

    def on_key(self):
        self.count += 1
        self.query_one(Label).update(f"step {self.count}/1")

Bare().run()
"""

LARGE = """
title = "784-128-10"
[network]
inputs = 784
[[network.layers]]
units = 128
activation = "relu"
weights = { init = "he_normal", seed = 1 }
biases = "zeros"
[[network.layers]]
units = 10
activation = "softmax"
weights = { init = "xavier_uniform", seed = 2 }
biases = "zeros"
[data]
x = [%s]
y = [[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
[training]
loss = { name = "cross_entropy", factor = 1.0, over_outputs = "sum", over_samples = "mean" }
optimizer = { name = "sgd", learning_rate = 0.1 }
iterations = 100
"""


@dataclass
class Peer:
    """An app that is measured."""

    name: str
    command: list[str]
    keys: bytes
    """Keys pressed in turn."""
    first: bytes = b"step "
    """What stands on its first screen."""
    times: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    walks: list[float] = field(default_factory=list)
    """Until the first step can be seen."""


class Terminal:
    """A process on a pseudo-terminal."""

    def __init__(self, command: list[str]) -> None:
        self.begun = time.perf_counter()
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "BACKPROP_TUI_SETTINGS": "",
            "BACKPROP_TUI_UNSAVED": "",
        }
        for name in ("NO_COLOR", "PYTHONDONTWRITEBYTECODE"):
            environment.pop(name, None)
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        os.close(slave)
        self.master = master
        self.seen = b""
        self.last = self.begun

    def read(self, timeout: float) -> bytes:
        """What is there within `timeout` seconds; empty: nothing."""
        ready, _, _ = select.select([self.master], [], [], timeout)
        with suppress(OSError):
            return os.read(self.master, 1 << 16) if ready else b""
        return b""

    def until(self, wanted: bytes) -> float:
        """Seconds from the start of the process until it has written `wanted`."""
        while wanted not in STRAY.sub(b"", self.seen):
            part = self.read(PATIENCE)
            if not part:
                raise RuntimeError(f"{wanted!r} was never written; the last was {self.seen[-300:]!r}")
            self.last = time.perf_counter()
            self.seen += part
        return self.last - self.begun

    def settle(self) -> None:
        while self.read(0.3):
            pass

    def press(self, key: bytes) -> float:
        """Seconds from a key to the last byte it makes the app write."""
        begun = time.perf_counter()
        os.write(self.master, key)
        last = begun
        waiting = PATIENCE
        while self.read(waiting):
            last = time.perf_counter()
            waiting = QUIET
        return last - begun

    def close(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.master)


@contextmanager
def opened(command: list[str]) -> Iterator[Terminal]:
    terminal = Terminal(command)
    try:
        yield terminal
    finally:
        terminal.close()


def measure_starts(peers: list[Peer], rounds: int) -> None:
    """First screens, the apps in turn."""
    for _ in range(rounds):
        for peer in peers:
            with opened(peer.command) as terminal:
                peer.starts.append(terminal.until(peer.first))
                peer.walks.append(terminal.until(b"step "))


def measure_keys(peers: list[Peer], rounds: int) -> None:
    """Keys, the apps in turn, all of them open."""
    terminals = [Terminal(peer.command) for peer in peers]
    try:
        for terminal in terminals:
            terminal.until(b"step ")
            terminal.settle()
        for number in range(rounds):
            for peer, terminal in zip(peers, terminals, strict=True):
                key = peer.keys[number % len(peer.keys)]
                peer.times.append(terminal.press(bytes([key])))
    finally:
        for terminal in terminals:
            terminal.close()


def share(times: list[float], of: float) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[round(of * 100) - 1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=200, help="keys pressed in each app")
    parser.add_argument("--starts", type=int, default=9, help="times each app is started")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder, "large.toml")
        pixels = ", ".join(f"{(i * 37 % 100) / 100}" for i in range(784))
        large.write_text(LARGE % f"[{pixels}]", encoding="utf-8")
        ours = [sys.executable, "-m", "tui.main"]
        walk = b"l" * 60 + b"h" * 20
        peers = [
            Peer("a bare Textual app", [sys.executable, "-c", BARE], b"x"),
            Peer("2-2-1 softplus", [*ours, "softplus"], walk, b"backprop-tui"),
            Peer("4-3-1 zero_init", [*ours, "zero_init"], walk, b"backprop-tui"),
            Peer("784-128-10", [*ours, str(large)], walk, b"backprop-tui"),
        ]
        measure_starts(peers, options.starts)
        measure_keys(peers, options.keys)
    bare = peers[0]
    row: Callable[..., str] = "{:<20} {:>8} {:>8} {:>7} {:>10} {:>7} {:>13} {:>7}".format
    print(row("", "p50 ms", "p95 ms", "ratio", "paint ms", "ratio", "first step ms", "ratio"))
    for peer in peers:
        p50, p95 = share(peer.times, 0.5), share(peer.times, 0.95)
        first, walk = statistics.median(peer.starts), statistics.median(peer.walks)
        start = statistics.median(bare.starts)
        print(
            row(
                peer.name, f"{p50 * 1e3:.1f}", f"{p95 * 1e3:.1f}", f"{p95 / share(bare.times, 0.95):.2f}",
                f"{first * 1e3:.0f}", f"{first / start:.2f}", f"{walk * 1e3:.0f}", f"{walk / start:.2f}",
            )
        )  # fmt: skip


if __name__ == "__main__":
    main()
