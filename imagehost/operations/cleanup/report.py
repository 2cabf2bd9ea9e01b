"""What a clean-up found, and what became of it."""

from dataclasses import dataclass, field
from enum import Enum

NAMES = 1000
"""That a report repeats of each kind; app.log has them all."""


class Kind(Enum):
    """What may be wrong, as a person calls it."""

    ORPHAN = "files without a row"
    MISSING = "rows without a file"
    RENDITION = "renditions of nothing"
    INCOMING = "left-overs of uploads"
    DELETED = "left-overs of deletions"
    DAMAGED = "damaged files"
    FOREIGN = "files of somebody else"
    UNINDEXED = "rows not in the index"


@dataclass(slots=True)
class Tally:
    """All findings of a kind, counted; ``names`` are the first of them."""

    found: int = 0
    bytes: int = 0
    removed: int = 0
    failed: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str, size: int = 0) -> None:
        """Count one."""
        self.found += 1
        self.bytes += size
        if len(self.names) < NAMES:
            self.names.append(name)


@dataclass(slots=True)
class Report:
    """The whole of it. After a dry run, ``removed`` and ``freed`` are what would be."""

    dry_run: bool
    freed: int = 0
    tallies: dict[Kind, Tally] = field(default_factory=lambda: {kind: Tally() for kind in Kind})

    def __getitem__(self, kind: Kind) -> Tally:
        """Give the tally of a kind."""
        return self.tallies[kind]

    @property
    def needs_somebody(self) -> bool:
        """Tell whether something is lost, damaged, or could not be removed."""
        lost = self[Kind.MISSING].found > self[Kind.MISSING].removed
        damaged = self[Kind.DAMAGED].found or self[Kind.UNINDEXED].found
        return lost or bool(damaged) or any(tally.failed for tally in self.tallies.values())

    def facts(self) -> dict[str, int]:
        """Give the counts that say something, for the log."""
        found = {kind.value.replace(" ", "_"): tally.found for kind, tally in self.tallies.items()}
        removed = sum(tally.removed for tally in self.tallies.values())
        return {
            **{name: count for name, count in found.items() if count},
            "removed": removed,
            "freed": self.freed,
        }
