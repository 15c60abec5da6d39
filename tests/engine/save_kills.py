"""Kill processes in the midst of saving, and look at the file: `python tests/engine/save_kills.py 1000`.

Each process saves one text after the other until its alarm rings, at a random moment; nothing handles the alarm, so
the system ends it where it stands.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
from pathlib import Path

from engine.scenario import save as saving
from engine.scenario.save import save

SOFTPLUS = Path(__file__).parents[2] / "scenarios" / "softplus.toml"
LATEST = 0.03
"""Seconds: some times what saving takes."""


def run(kills: int, seed: int = 1) -> tuple[int, int, int]:
    """How often the file was the old text, the new one, and neither."""
    rng = random.Random(seed)
    long = SOFTPLUS.read_text("utf-8") + "# so long that writing takes its time\n" * 20_000
    texts = [long, long.replace("iterations = 5", "iterations = 50000")]
    found = [0, 0, 0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.toml"
        save(texts[0], path)
        for _ in range(kills):
            after = rng.uniform(0.0001, LATEST)
            child = os.fork()
            if child == 0:
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                # reading takes longest, and nothing can go wrong there: kill while writing
                saving.read_text = lambda data, path: None  # type: ignore[assignment, return-value]
                signal.setitimer(signal.ITIMER_REAL, after)
                while True:
                    for text in texts[::-1]:
                        save(text, path, overwrite=True)
            _, status = os.waitpid(child, 0)
            assert os.WTERMSIG(status) == signal.SIGALRM
            text = path.read_text("utf-8")
            found[texts.index(text) if text in texts else 2] += 1
    return found[0], found[1], found[2]


if __name__ == "__main__":
    old, new, neither = run(int(sys.argv[1]))
    print(old, new, neither)
    sys.exit(neither > 0)
