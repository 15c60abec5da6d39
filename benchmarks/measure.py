"""Time by interleaved medians, peak memory in a process of its own, and the machine in words."""

from __future__ import annotations

import gc
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]


def interleaved(runs: int, tasks: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds of each task, after one run of each that does not count."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(runs + 1):
        for name, task in tasks.items():
            gc.collect()
            started = time.perf_counter()
            task()
            passed = time.perf_counter() - started
            if turn:
                times[name].append(passed)
    return {name: median(found) for name, found in times.items()}


def fresh(runs: int, commands: Mapping[str, list[str]]) -> dict[str, float]:
    """Median seconds of commands, each a process of its own."""

    def command(words: list[str]) -> Callable[[], object]:
        return lambda: subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=_environment())

    return interleaved(runs, {name: command(words) for name, words in commands.items()})


def peak_megabytes(code: str) -> float:
    """Peak resident memory, beyond that of the imports, of Python code in a process of its own.

    `code` defines `prepare()`, which does what is not to be counted, and `work(prepared)`.
    """
    whole = f"{code}\nfrom benchmarks.measure import peak\nready = prepare()\nbase = peak()\n"
    whole += "work(ready)\nprint(peak() - base)\n"
    made = subprocess.run([sys.executable, "-c", whole], cwd=ROOT, check=True, capture_output=True, env=_environment())
    return float(made.stdout)


def peak() -> float:
    """Peak resident memory of this process, in MiB."""
    try:
        # what getrusage says begins with the parent's
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return float(status.partition("VmHWM:")[2].split()[0]) / 1024
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def printed(words: list[str]) -> str:
    """What a command writes."""
    return subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, env=_environment()).stdout


def _environment() -> dict[str, str]:
    """This checkout first, and its modules compiled once, as when it is installed."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT)}


def machine() -> list[str]:
    """Processor, cores and versions: what a ratio might depend on, and nothing that names the machine."""
    lines = [f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"]
    names = ["numpy", "torch", "micrograd", "textual"]
    versions = [f"{name} {metadata.version(name)}" for name in names if _installed(name)]
    lines.append(f"{platform.python_implementation()} {platform.python_version()}, {', '.join(versions)}")
    return lines


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "an unnamed processor"


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
