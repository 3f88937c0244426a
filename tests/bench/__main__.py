"""Measure what is promised: `python -m tests.bench [--small] [--only door,sending] [--write]`.

Every figure is a median of rounds that are interleaved: all scenarios once, then all again. Ratios compare runs that stood
next to each other. Exits 1 where an asked figure falls short (a small run: at half of it).
"""

import argparse
import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.frame import Figure, Line, Scenario, gathered, pace_of, table
from tests.bench.rig import BASE_DIR, machine, rig

SCENARIOS = ("door", "statuses", "taps", "sending", "urgent", "loop", "growth", "lists")
PAGE = BASE_DIR / "docs" / "performance.md"
MARK = "<!-- figures -->"


def scenarios(names: Sequence[str]) -> list[Scenario]:
    """The modules of this folder by name; a module has `measure(rig)` and may have `ROUNDS`."""
    found = []
    for name in names:
        module = importlib.import_module(f"tests.bench.{name}")
        found.append(Scenario(name, module.__doc__ or "", module.measure, getattr(module, "ROUNDS", 3)))
    return found


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="minutes instead of an hour; fails only far below")
    parser.add_argument("--only", default=",".join(SCENARIOS), help="names, separated by commas")
    parser.add_argument("--rounds", type=int, default=0, help="how many rounds at most (0: each scenario's own)")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.relative_to(BASE_DIR)}")
    chosen = parser.parse_args(arguments)
    wanted = scenarios([name for name in chosen.only.split(",") if name])
    results: list[tuple[str, Sequence[Figure]]] = []
    with rig(is_small=chosen.small) as bench:
        most = max(one.rounds for one in wanted)
        for number in range(min(most, chosen.rounds or most)):
            for scenario in wanted:
                if number < scenario.rounds:
                    began = time.monotonic()
                    results.append((scenario.name, scenario.measure(bench)))
                    bench.stop_children()
                    said = f"round {number + 1} {scenario.name}: {time.monotonic() - began:.0f} s"
                    print(said, *(f"  {one.name}: {one.value:.4g} {one.unit}" for one in results[-1][1]), sep="\n")
                    sys.stdout.flush()
    lines = gathered(results)
    print("\n" + table(lines, is_small=chosen.small))
    if chosen.write:
        write(PAGE, lines, is_small=chosen.small)
    pace = pace_of(lines)
    short = [line for line in lines if line.verdict(is_small=chosen.small, pace=pace) == "SHORT"]
    for line in short:
        print(f"short: {line.scenario}: {line.figure.name}: {line.median:.4g} {line.figure.unit}", file=sys.stderr)
    return 1 if short else 0


def write(page: Path, lines: Sequence[Line], *, is_small: bool) -> None:
    """Replace what stands between the two marks."""
    before, _mark, rest = page.read_text(encoding="utf-8").partition(MARK)
    _old, _mark, after = rest.partition(MARK)
    about = ", ".join(f"{name} {value}" for name, value in machine().items())
    middle = f"\nMeasured{' (small run)' if is_small else ''} on: {about}.\n\n{table(lines, is_small=is_small)}\n"
    page.write_text(f"{before}{MARK}{middle}{MARK}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
