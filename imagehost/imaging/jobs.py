"""The jobs that the web process sends to the fork server, and the replies."""

import json
import struct
from dataclasses import asdict, dataclass
from enum import IntEnum

REPLY_HEAD = struct.Struct(">BI")
"""The header of a reply: its status and the length of its content."""
MAX_REQUEST = 4096
MAX_REPLY = 16 * 1024 * 1024
"""The largest size of a reply, in bytes. A rendition has at most 1280 × 1280 pixels."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The limits of one job: bytes of memory in addition to those of the idle server, and seconds.

    Args:
        pixels: the largest width × height for which pixels are decoded.
        work: the largest work for which pixels are decoded, in samples as in formats.Limits.
        nice: the number that is added to the nice value of the process.
    """

    memory: int
    cpu_seconds: int
    wall_seconds: int
    pixels: int
    work: int
    nice: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """Render a picture to fit in a square, or prove that it is complete if ``side`` is 0."""

    kind: str
    side: int
    budget: Budget

    def encode(self) -> bytes:
        """Return the job as one datagram."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, datagram: bytes) -> "Job":
        """Return the job in a datagram of ``encode``."""
        given = json.loads(datagram)
        return cls(given["kind"], given["side"], Budget(**given["budget"]))


class Status(IntEnum):
    """How a job ended."""

    DONE = 0
    MALFORMED = 1
    """The picture is broken; the content is the reason."""
    FAILED = 2
    """A library failed, because the picture is broken or memory was short; the content is the reason."""
    EXCEEDED = 3
    """The picture needs more than the budget."""
    BUSY = 4
    """No process could be started."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of a job. The content is a WebP, a number of bytes in digits, or a reason as text."""

    status: Status
    content: bytes = b""

    def encode(self) -> bytes:
        """Return the reply as bytes for a stream."""
        return REPLY_HEAD.pack(self.status, len(self.content)) + self.content
