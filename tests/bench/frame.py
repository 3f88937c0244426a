"""What a measurement is: figures, rounds, medians, verdicts. No product code here."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Sort(StrEnum):
    """What a figure is, which decides how far a small run may fall short before it fails."""

    RATE = "rate"
    """Per second, or times another one's: more is better. A small run fails below half of what is asked."""
    LATENCY = "latency"
    """Seconds or milliseconds, or times another one's: less is better. A small run fails above double."""
    GROWTH = "growth"
    """Cost with many rows over cost with few: less is better. A small run fails above 1.5."""
    COUNT = "count"
    """Errors, losses, doubles: never more than asked, in any run."""
    SEEN = "seen"
    """Said for the reader; nothing is asked of it."""


SMALL_GROWTH = 1.5
ABSOLUTE = frozenset({"/s", "per second", "s", "ms"})
"""Units of what is compared with nothing measured beside it."""
YARDSTICK, YARDSTICK_RATE = "stored by the bare view", 1135.0
"""What a bare Django view stored per second on the machine for which the rates were asked."""


@dataclass(frozen=True)
class Figure:
    """One number of one round. `asked` is what must hold, `goal` what we go for; None: nothing is asked."""

    name: str
    value: float
    unit: str
    asked: float | None = None
    goal: float | None = None
    sort: Sort = Sort.RATE

    def limit(self, *, is_small: bool, pace: float = 1.0) -> float | None:
        """The value at which a run fails. `pace`: how fast this machine is, of the one that rates were asked for.

        What is compared with nothing else cannot be asked of a small run on a slower machine; ratios can.
        """
        if self.asked is None or not is_small or self.sort in {Sort.COUNT, Sort.SEEN}:
            return self.asked
        slow = min(1.0, pace) if self.unit in ABSOLUTE else 1.0
        return {Sort.RATE: self.asked / 2 * slow, Sort.LATENCY: self.asked * 2 / slow, Sort.GROWTH: SMALL_GROWTH}[
            self.sort
        ]


@dataclass(frozen=True)
class Scenario:
    """A thing to measure: `measure` runs one round. `rounds` is 1 where a round takes its own medians."""

    name: str
    about: str
    measure: Callable[..., Sequence[Figure]]
    rounds: int = 3


@dataclass
class Line:
    """All rounds of one figure."""

    scenario: str
    figure: Figure
    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def holds(self, limit: float | None) -> bool:
        if limit is None:
            return True
        return self.median >= limit if self.figure.sort == Sort.RATE else self.median <= limit

    def verdict(self, *, is_small: bool, pace: float = 1.0) -> str:
        """One word for the table."""
        if self.figure.asked is None:
            return "goal" if self.figure.goal is not None and self.holds(self.figure.goal) else ""
        if not self.holds(self.figure.limit(is_small=is_small, pace=pace)):
            return "SHORT"
        if self.figure.goal is not None and self.holds(self.figure.goal):
            return "goal"
        return "holds" if self.holds(self.figure.asked) else "holds (small run)"


def gathered(results: Sequence[tuple[str, Sequence[Figure]]]) -> list[Line]:
    """Lines in the order of their first appearance."""
    lines: dict[tuple[str, str], Line] = {}
    for scenario, figures in results:
        for figure in figures:
            lines.setdefault((scenario, figure.name), Line(scenario, figure)).values.append(figure.value)
    return list(lines.values())


def pace_of(lines: Sequence[Line]) -> float:
    """How fast this machine is, of the one for which the rates were asked; 1.0 when the yardstick was not measured."""
    return next((line.median / YARDSTICK_RATE for line in lines if line.figure.name == YARDSTICK), 1.0)


def table(lines: Sequence[Line], *, is_small: bool) -> str:
    """The results as a Markdown table."""
    pace = pace_of(lines)
    rows = ["| what | median | lowest to highest | asked | go for | |", "|---|---:|---:|---:|---:|---|"]
    for line in lines:
        figure = line.figure
        spread = f"{shown(min(line.values))} to {shown(max(line.values))}" if len(line.values) > 1 else ""
        rows.append(
            f"| {line.scenario}: {figure.name} | {shown(line.median)} {figure.unit} | {spread} "
            f"| {_bound(figure, figure.asked)} | {_bound(figure, figure.goal)} | {line.verdict(is_small=is_small, pace=pace)} |"
        )
    return "\n".join(rows)


def _bound(figure: Figure, value: float | None) -> str:
    if value is None:
        return ""
    return f"{'≥' if figure.sort == Sort.RATE else '≤'} {shown(value)}"


def shown(value: float) -> str:
    """
    >>> shown(1234.5), shown(12.345), shown(0.01234)
    ('1,234', '12.3', '0.0123')
    """
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percentile(values: Sequence[float], share: float) -> float:
    """
    >>> percentile(range(1, 101), 0.99)
    99
    """
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, round(share * len(ordered)) - 1))]


def by_key(rows: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {shown(value)}" for name, value in rows.items())
