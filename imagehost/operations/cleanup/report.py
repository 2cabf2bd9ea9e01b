"""The report of a clean-up: its findings, and how many of them were removed."""

from dataclasses import dataclass, field
from enum import Enum

MOST_NAMES = 1000
"""The maximum number of names of each kind in a report. app.log has all of them."""


class Finding(Enum):
    """A kind of finding. The value is its name in JSON and in the log, so it must not change."""

    ORPHAN = "files without a row"
    MISSING = "rows without a file"
    RENDITION = "renditions of nothing"
    INCOMING = "left-overs of uploads"
    DELETED = "left-overs of deletions"
    DAMAGED = "damaged files"
    FOREIGN = "files of somebody else"
    UNINDEXED = "rows not in the index"

    @property
    def label(self) -> str:
        """The name for people."""
        return LABELS.get(self, self.value)


LABELS = {
    Finding.RENDITION: "unused renditions",
    Finding.INCOMING: "leftovers of uploads",
    Finding.DELETED: "leftovers of deletions",
    Finding.FOREIGN: "unknown files",
}
"""The names for people that differ from the names in JSON and in the log."""


@dataclass(slots=True)
class Tally:
    """The counts of all findings of a kind. ``names`` are the first of them."""

    found: int = 0
    bytes: int = 0
    removed: int = 0
    failed: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str, size: int = 0) -> None:
        """Count a finding; ``size`` is in bytes."""
        self.found += 1
        self.bytes += size
        if len(self.names) < MOST_NAMES:
            self.names.append(name)


@dataclass(slots=True)
class CleanupReport:
    """The findings of all kinds. After a dry run, ``removed`` and ``freed`` are what would be removed."""

    dry_run: bool
    freed: int = 0
    tallies: dict[Finding, Tally] = field(default_factory=lambda: {kind: Tally() for kind in Finding})

    def __getitem__(self, kind: Finding) -> Tally:
        """Return the tally of a kind."""
        return self.tallies[kind]

    @property
    def needs_somebody(self) -> bool:
        """Whether something is lost, is damaged, or could not be removed, so that a person must act."""
        lost = self[Finding.MISSING].found > self[Finding.MISSING].removed
        damaged = self[Finding.DAMAGED].found or self[Finding.UNINDEXED].found
        return lost or bool(damaged) or any(tally.failed for tally in self.tallies.values())

    def facts(self) -> dict[str, int]:
        """Return the counts for the log. Findings with a count of 0 are omitted."""
        found = {kind.value.replace(" ", "_"): tally.found for kind, tally in self.tallies.items()}
        removed = sum(tally.removed for tally in self.tallies.values())
        return {
            **{name: count for name, count in found.items() if count},
            "removed": removed,
            "freed": self.freed,
        }
