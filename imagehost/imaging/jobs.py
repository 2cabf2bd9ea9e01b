"""What the web process asks the renderer's server for, and what comes back."""

import json
import struct
from dataclasses import asdict, dataclass
from enum import IntEnum

HEAD = struct.Struct(">BI")
"""Of a reply: its status and the length of what follows."""
MAX_REQUEST = 4096
MAX_REPLY = 16 * 1024 * 1024
"""Bytes. A rendition has at most 1280 × 1280 pixels."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one job may use: bytes of memory beyond those of the empty server, and seconds.

    Args:
        pixels: width × height that the job may begin with.
        work: samples that the job may begin with, as formats.Limits counts them.
        nice: is added to the priority of the process.
    """

    memory: int
    cpu_seconds: int
    wall_seconds: int
    pixels: int
    work: int
    nice: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """Render a picture to fit in a square, or prove that it is whole where ``side`` is 0."""

    kind: str
    side: int
    budget: Budget

    def encode(self) -> bytes:
        """Write the job as one datagram."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, datagram: bytes) -> "Job":
        """Read what ``encode`` wrote."""
        given = json.loads(datagram)
        return cls(given["kind"], given["side"], Budget(**given["budget"]))


class Status(IntEnum):
    """How a job ended."""

    DONE = 0
    MALFORMED = 1
    """The picture is broken; the content says how."""
    FAILED = 2
    """A library failed, for the picture is broken or because memory was short; the content says how."""
    EXCEEDED = 3
    """The picture needs more than the budget."""
    BUSY = 4
    """No process could be started."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a job led to: a WebP, or a number of bytes in digits, or a reason in words."""

    status: Status
    content: bytes = b""

    def encode(self) -> bytes:
        """Write the reply for a stream."""
        return HEAD.pack(self.status, len(self.content)) + self.content
