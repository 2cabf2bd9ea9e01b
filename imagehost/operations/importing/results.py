"""What becomes of each path of an import, and of all together."""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum, auto


class What(Enum):
    """What became of a path."""

    IMPORTED = auto()
    ALREADY = auto()
    """Imported before."""
    DELETED = auto()
    """Imported before, and deleted since."""
    PASSED = auto()
    """Nobody would expect it to be imported."""
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be a picture; ``stamp`` changes with it, ``modified`` is in nanoseconds."""

    path: str
    stamp: str
    modified: int


@dataclass(frozen=True, slots=True)
class Task:
    """A file to import, under a name that was noted before."""

    candidate: Candidate
    name: str


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a path; ``code`` is why in a word, ``reason`` in a sentence."""

    path: str
    what: What
    code: str = ""
    reason: str = ""
    sha256: str = ""


@dataclass(slots=True)
class Outcome:
    """All results, counted, by reason too; those refused one by one."""

    counts: Counter[What] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    refused: list[Result] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Count one."""
        self.counts[result.what] += 1
        if result.code:
            self.reasons[result.code] += 1
        if result.what is What.REFUSED:
            self.refused.append(result)
