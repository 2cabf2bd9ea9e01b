"""AVIF files that are built box by box, since no encoder writes all variants that decoders read."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .avif_boxes import (
    ALPHA,
    MATRIX,
    Coded,
    auxiliary,
    box,
    clap,
    coded,
    file_type,
    full,
    handler,
    imir,
    irot,
    ispe,
    nclx,
    profile,
)
from .avif_meta import Item, exif_item, meta, picture, xmp_item

__all__ = [
    "ALPHA",
    "Coded",
    "Item",
    "Layout",
    "Track",
    "auxiliary",
    "box",
    "clap",
    "coded",
    "exif_item",
    "file_type",
    "full",
    "handler",
    "imir",
    "irot",
    "ispe",
    "meta",
    "moving",
    "nclx",
    "picture",
    "pictures",
    "profile",
    "sample_entry",
    "sound",
    "still",
    "still_after_its_data",
    "xmp_item",
]

# Tracks.


@dataclass(frozen=True)
class Track:
    """A track of a movie. Its number is its place in the list, from 1."""

    samples: tuple[bytes, ...]
    entry: bytes
    handler: bytes = b"pict"
    name: bytes = b""
    size: tuple[int, int] = (0, 0)
    durations: tuple[int, ...] = ()
    refers: tuple[tuple[bytes, tuple[int, ...]], ...] = ()
    items: tuple[Item, ...] = ()
    extra: bytes = b""
    matrix: bytes = MATRIX
    shared: bool = False  # whether all samples are the first one


def sample_entry(content: Coded, *properties: bytes, compressor: bytes = b"") -> bytes:
    width, height = content.size
    named = bytes((len(compressor),)) + compressor.ljust(31, b"\0")
    fixed = bytes(6) + b"\0\1" + bytes(16) + struct.pack(">HH", width, height)
    fixed += b"\0\x48\0\0\0\x48\0\0\0\0\0\0\0\1" + named + b"\0\x18\xff\xff"
    ccst = full(b"ccst", b"\x7c\0\0\0")
    return box(b"av01", fixed + content.av1c + b"".join(properties) + ccst)


def pictures(contents: list[Coded], *properties: bytes, compressor: bytes = b"", **facts: object) -> Track:
    entry = sample_entry(contents[0], *properties, compressor=compressor)
    return Track(tuple(one.data for one in contents), entry, size=contents[0].size, **facts)


def sound(*samples: bytes, name: bytes = b"") -> Track:
    fixed = bytes(6) + b"\0\1" + bytes(8) + b"\0\1\0\x10\0\0\0\0\xbb\x80\0\0"
    return Track(samples, box(b"sowt", fixed), b"soun", name)


def trak(track: Track, number: int, place: int, places: list[int]) -> bytes:
    """Return a track whose samples begin at one place of the file, and whose items are at others."""
    durations = track.durations or (100,) * len(track.samples)
    width, height = track.size
    sizes = struct.pack(f">{len(track.samples)}I", *map(len, track.samples))
    chunks = len(track.samples) if track.shared else 1
    table = (
        full(b"stsd", b"\0\0\0\1" + track.entry)
        + full(
            b"stts", struct.pack(">I", len(durations)) + b"".join(struct.pack(">II", 1, d) for d in durations)
        )
        + full(b"stsc", struct.pack(">IIII", 1, 1, 1 if track.shared else len(track.samples), 1))
        + full(b"stsz", struct.pack(">II", 0, len(track.samples)) + sizes)
        + full(b"stco", struct.pack(f">{1 + chunks}I", chunks, *[place] * chunks))
    )
    head = full(b"smhd", bytes(4)) if track.handler == b"soun" else full(b"vmhd", bytes(8), flags=1)
    information = head + box(b"dinf", full(b"dref", b"\0\0\0\1" + full(b"url ", flags=1)))
    references = b"".join(box(name, struct.pack(f">{len(to)}I", *to)) for name, to in track.refers)
    total = sum(durations)
    edits = full(b"elst", struct.pack(">IIIHH", 1, total, 0, 1, 0), flags=1)
    return box(
        b"trak",
        full(
            b"tkhd",
            b"GEHEIMGE"
            + struct.pack(">III", number, 0, total)
            + bytes(16)
            + track.matrix
            + struct.pack(">II", width << 16, height << 16),
            flags=1,
        )
        + (box(b"tref", references) if references else b"")
        + box(b"edts", edits)
        + (meta(list(track.items), places) if track.items else b"")
        + box(
            b"mdia",
            full(b"mdhd", b"GEHEIMGE" + struct.pack(">IIHH", 1000, total, 0x55C4, 0))
            + handler(track.handler, track.name)
            + box(b"minf", information + box(b"stbl", table)),
        )
        + track.extra,
    )


# Files.


@dataclass
class Layout:
    """Data for ``mdat``, each content once, and its place in the file."""

    start: int
    data: bytes = b""
    known: dict[bytes, int] = field(default_factory=dict)

    def place(self, content: bytes) -> int:
        if content not in self.known:
            self.known[content] = self.start + len(self.data)
            self.data += content
        return self.known[content]


def placed(write: Callable[[Layout], bytes]) -> bytes:
    """Write headers twice, since their length is known only after the first time."""
    length = len(write(Layout(0)))
    layout = Layout(length + 8)
    return write(layout) + box(b"mdat", layout.data)


def still(items: list[Item], primary: int = 1, start: bytes = b"", **facts: Any) -> bytes:
    """Return a picture."""
    start = start or file_type(b"avif", b"avif", b"mif1", b"miaf")
    return placed(lambda layout: start + meta(items, _places(items, layout), primary, **facts))


def still_after_its_data(items: list[Item]) -> bytes:
    """Return a picture whose header is last and has no length, and whose data has a length of 64 bits."""
    start = file_type(b"avif", b"avif", b"mif1", b"miaf")
    layout = Layout(len(start) + 16)
    places = _places(items, layout)
    data = struct.pack(">I4sQ", 1, b"mdat", len(layout.data) + 16) + layout.data
    return start + data + bytes(4) + meta(items, places)[4:]


def moving(
    tracks: list[Track], items: list[Item] | None = None, start: bytes = b"", extra: bytes = b""
) -> bytes:
    """Return an animation."""
    start = start or file_type(b"avis", b"avif", b"avis", b"msf1", b"iso8", b"mif1", b"miaf")

    def write(layout: Layout) -> bytes:
        described = meta(items, _places(items, layout)) if items else b""
        total = max(sum(track.durations or (100,) * len(track.samples)) for track in tracks)
        header = full(
            b"mvhd",
            b"GEHEIMGE"
            + struct.pack(">IIIH", 1000, total, 0x10000, 0x100)
            + bytes(10)
            + MATRIX
            + bytes(24)
            + struct.pack(">I", len(tracks) + 1),
        )
        written = [
            trak(
                track,
                number,
                layout.place(b"".join(track.samples[:1] if track.shared else track.samples)),
                _places(track.items, layout),
            )
            for number, track in enumerate(tracks, 1)
        ]
        return start + described + box(b"moov", header + b"".join(written) + extra)

    return placed(write)


def _places(items: list[Item] | tuple[Item, ...], layout: Layout) -> list[int]:
    return [0 if item.in_header else layout.place(item.data) for item in items]
