"""docs/operations.md, parsed into headings, and the commands and files below them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from imagehost.settings.reader import ROOT

HEADING = re.compile(r"^#{1,4} (.+)$")
FENCE = re.compile(r"^```(.*)$")
NAMED_FILE = re.compile(r"^`(/[^`]+)`:")
PROMPT = re.compile(r"^([$#]) (.+)$")


@dataclass(frozen=True)
class Command:
    """A command line. ``prompt`` is ``#`` for root, ``$`` for other users."""

    prompt: str
    text: str


@dataclass
class Block:
    """Text between fences.

    ``kind`` is the text after the first fence, ``file`` the path that the text is written to.
    """

    kind: str
    file: str | None
    lines: list[str] = field(default_factory=list)

    @property
    def commands(self) -> list[Command]:
        return [Command(*match.groups()) for line in self.lines if (match := PROMPT.match(line))]

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)


def read(path: Path) -> dict[str, list[Block]]:
    """Return the blocks below each heading, up to the next one."""
    sections: dict[str, list[Block]] = {}
    for heading, block in blocks(path.read_text()):
        sections.setdefault(heading, [])
        if block:
            sections[heading].append(block)
    return sections


def blocks(text: str) -> Iterator[tuple[str, Block | None]]:
    """Yield every heading, and every block with the heading above it."""
    heading, file, block = "", None, None
    for line in text.splitlines():
        if block:
            if line == "```":
                yield heading, block
                block = file = None
            else:
                block.lines.append(line)
        elif match := HEADING.match(line):
            heading, file = match[1], None
            yield heading, None
        elif match := NAMED_FILE.match(line):
            file = match[1]
        elif match := FENCE.match(line):
            block = Block(match[1], file)


OPERATIONS = read(ROOT / "docs" / "operations.md")
README = read(ROOT / "README.md")
