"""Rounds of measurements, and the tables that come of them: ratios of what was measured in the same round."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several rounds, and the lowest and the highest of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        """Sum up rounds."""
        return cls(median(values), min(values), max(values))

    def __str__(self) -> str:
        low, middle, high = (number(value) for value in (self.low, self.median, self.high))
        return middle if low == high else f"{middle} ({low}–{high})"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what was measured, in which unit, and what was aimed at."""

    what: str
    value: Spread
    unit: str = ""
    least: float | None = None
    most: float | None = None

    @property
    def target(self) -> str:
        """The aim in words."""
        if self.least is not None:
            return f"≥ {number(self.least)}"
        return "" if self.most is None else f"≤ {number(self.most)}"

    @property
    def is_met(self) -> bool:
        """Whether the median reaches the aim; true where there is none."""
        return (self.least is None or self.value.median >= self.least) and (
            self.most is None or self.value.median <= self.most
        )


@dataclass(slots=True)
class Table:
    """What one benchmark found."""

    title: str
    rows: list[Row] = field(default_factory=list)

    def add(
        self,
        what: str,
        values: list[float],
        unit: str = "",
        *,
        least: float | None = None,
        most: float | None = None,
    ) -> None:
        """Add a line: a figure of each round."""
        self.rows.append(Row(what, Spread.of(values), unit, least, most))

    def ratio(
        self,
        what: str,
        of: list[float],
        to: list[float],
        *,
        least: float | None = None,
        most: float | None = None,
    ) -> None:
        """Add a line: two things measured in the same rounds, as a ratio a round."""
        self.add(what, [one / other for one, other in zip(of, to, strict=True)], "×", least=least, most=most)

    def markdown(self) -> str:
        """Write the table, for people and for docs/performance.md."""
        cells = [["", "median (lowest–highest)", "", "target", ""]]
        for row in self.rows:
            verdict = "" if not row.target else "met" if row.is_met else "**missed**"
            cells.append([row.what, str(row.value), row.unit, row.target, verdict])
        widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
        cells.insert(1, ["-" * width for width in widths])
        lines = [
            "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
            for line in cells
        ]
        return "\n".join([f"### {self.title}", "", *lines, ""])

    def json(self) -> dict[str, object]:
        """Give the table for scripts."""
        return {
            "title": self.title,
            "rows": [{**asdict(row), "target": row.target, "met": row.is_met} for row in self.rows],
        }

    @classmethod
    def read(cls, kept: dict) -> "Table":
        """Take back what ``json`` gave."""
        names = ("what", "unit", "least", "most")
        rows = [
            Row(value=Spread(**row["value"]), **{name: row[name] for name in names}) for row in kept["rows"]
        ]
        return cls(kept["title"], rows)


def number(value: float) -> str:
    """Write a figure with as many digits as mean something."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 or not value else f"{value:.1e}"


def rounds(times: int, acts: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Measure each in turn, every other round backwards: a drift of the machine hits all alike."""
    found: dict[str, list[float]] = {name: [] for name in acts}
    for turn in range(times):
        for name in list(acts)[:: -1 if turn % 2 else 1]:
            found[name].append(acts[name]())
    return found


def timed(act: Callable[[], object]) -> float:
    """Do something; give the seconds that it took."""
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin
