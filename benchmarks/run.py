"""`python benchmarks/run.py`: the engine beside its peers, in one run, one thread, as a table of ratios.

Everything that is compared is run in turns, so that a machine that slows down slows all alike; of each the median
counts. Ratios are what can be compared between machines. `--write` keeps the result in docs/benchmarks.md.
"""

from __future__ import annotations

import os

# before numpy is imported: its libraries read these once
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[_name] = "1"

import argparse  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import measure, report  # noqa: E402
from benchmarks.parts import PARTS  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure: {', '.join(PARTS)} (all)")
    parser.add_argument("--runs", type=int, default=9, help="runs of each, of which the median counts (9)")
    parser.add_argument("--write", action="store_true", help="keep the result in docs/benchmarks.md")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, run once: to see that it works")
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; expected {', '.join(PARTS)}")
    if options.runs < 1:
        parser.error(f"--runs {options.runs}: expected at least 1")
    sections = []
    for name in options.parts or PARTS:
        section = PARTS[name](*((1, 10) if options.quick else (options.runs, 1)))
        print(report.section(section), flush=True)
        sections.append(section)
    print(report.section(report.targets(sections)))
    if options.write:
        (ROOT / "docs" / "benchmarks.md").write_text(report.page(sections, measure.machine()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
