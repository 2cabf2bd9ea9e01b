"""The results of an import, for each path and in total."""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto

from imagehost.domain.errors import Refused


class Decision(Enum):
    """The outcome for a path."""

    IMPORTED = auto()
    ALREADY = auto()
    """Imported before."""
    DELETED = auto()
    """Imported before, and deleted since."""
    PASSED = auto()
    """Skipped without a report, since nobody would expect it to be imported (e.g. a hidden file)."""
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be a picture. ``stamp`` changes with the file; ``modified`` is in Unix nanoseconds."""

    path: str
    stamp: str
    modified: int


@dataclass(frozen=True, slots=True)
class Task:
    """A file to import, and its image's name, which is already in the journal."""

    candidate: Candidate
    name: str


@dataclass(frozen=True, slots=True)
class PathResult:
    """The result for a path. ``code`` is the reason as a short key, ``reason`` as a sentence or an error."""

    path: str
    what: Decision
    code: str = ""
    reason: str | Refused = ""
    sha256: str = ""


@dataclass(slots=True)
class ImportResult:
    """The number of results by outcome and by reason, and all refused paths."""

    counts: Counter[Decision] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    refused: list[PathResult] = field(default_factory=list)

    def add(self, result: PathResult) -> None:
        """Count a result."""
        self.counts[result.what] += 1
        if result.code:
            self.reasons[result.code] += 1
        if result.what is Decision.REFUSED:
            self.refused.append(result)
