"""`python -m tests.bench [SECTION …]`: measure, print one table. A missed aim is no failure: people read the ratios."""

from __future__ import annotations

import compileall
import importlib
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from tests.bench import machine, processes
from tests.bench.measure import Row, Scale
from tests.bench.table import lines

SECTIONS = (
    "door",
    "lambda_door",
    "lambda_flow",
    "first_call",
    "steps",
    "memory",
    "tokens",
    "eight",
    "commands",
    "pace",
    "checks",
    "reach",
    "rehearsed",
)


def measured(names: Sequence[str], scale: Scale) -> list[tuple[str, list[Row]]]:
    """Every section in a folder of its own; one that breaks is reported in the table and does not hide the others."""
    found: list[tuple[str, list[Row]]] = []
    for name in names:
        section = importlib.import_module(f"tests.bench.{name}")
        place = Path(tempfile.mkdtemp(prefix=f"lamplighter-bench-{name}-"))
        started = time.monotonic()
        try:
            rows = section.rows(place, scale)
        except Exception as error:
            traceback.print_exc()
            rows = [Row(what=f"BROKEN: {type(error).__name__}", ours="", note=str(error)[:300], broken=True)]
        finally:
            shutil.rmtree(place, ignore_errors=True)
        print(f"… {name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        found.append((section.TITLE, rows))
    return found


def main(names: Sequence[str]) -> int:
    wrong = set(names) - set(SECTIONS)
    if wrong:
        print(f"no section {', '.join(sorted(wrong))}; there are {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    compileall.compile_dir(processes.ROOT / "app", quiet=1)  # PYTHONDONTWRITEBYTECODE may be set
    about, started = machine.description(), time.monotonic()
    sections = measured(names or SECTIONS, Scale())
    print(f"Lamplighter against bare floors; both sides in turns, medians.\n{about}\n")
    for line in lines(sections):
        print(line)
    missed = [row.what for _, rows in sections for row in rows if row.misses]
    verdict = f"{len(missed)} missed: {'; '.join(missed)}" if missed else "all aims met"
    print(f"\n{verdict} ({time.monotonic() - started:.0f} s)")
    return 1 if any(row.broken for _, rows in sections for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
