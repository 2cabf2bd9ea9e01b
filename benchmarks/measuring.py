"""Rounds of measurements, and their tables. Ratios compare values that were measured in the same round."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several rounds, and the lowest and the highest value."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        """Return the spread of the values of all rounds."""
        return cls(median(values), min(values), max(values))

    def __str__(self) -> str:
        low, middle, high = (number(value) for value in (self.low, self.median, self.high))
        return middle if low == high else f"{middle} ({low}–{high})"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what was measured, the unit, and the target."""

    what: str
    value: Spread
    unit: str = ""
    least: float | None = None
    most: float | None = None

    @property
    def target(self) -> str:
        """The target as text."""
        if self.least is not None:
            return f"≥ {number(self.least)}"
        return "" if self.most is None else f"≤ {number(self.most)}"

    @property
    def is_met(self) -> bool:
        """Whether the median reaches the target. True if there is no target."""
        return (self.least is None or self.value.median >= self.least) and (
            self.most is None or self.value.median <= self.most
        )


@dataclass(slots=True)
class Table:
    """The results of one benchmark."""

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
        """Add a line with one value for each round."""
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
        """Add a line with the ratio of two values for each round."""
        self.add(what, [one / other for one, other in zip(of, to, strict=True)], "×", least=least, most=most)

    def markdown(self) -> str:
        """Return the table as Markdown, for people and for docs/performance.md."""
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
        """Return the table as JSON values."""
        return {
            "title": self.title,
            "rows": [{**asdict(row), "target": row.target, "met": row.is_met} for row in self.rows],
        }

    @classmethod
    def read(cls, kept: dict) -> "Table":
        """Return the table that ``json`` returned as JSON values."""
        names = ("what", "unit", "least", "most")
        rows = [
            Row(value=Spread(**row["value"]), **{name: row[name] for name in names}) for row in kept["rows"]
        ]
        return cls(kept["title"], rows)


def number(value: float) -> str:
    """Return a number as text, with as many digits as are significant."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 or not value else f"{value:.1e}"


def rounds(times: int, acts: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Measure each in turn.

    Every second round is in reverse order, so a drift of the machine affects all alike.
    """
    found: dict[str, list[float]] = {name: [] for name in acts}
    for turn in range(times):
        for name in list(acts)[:: -1 if turn % 2 else 1]:
            found[name].append(acts[name]())
    return found


def timed(act: Callable[[], object]) -> float:
    """Call a function, and return the seconds that it took."""
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin
