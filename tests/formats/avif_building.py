"""AVIF files written by hand, box by box, since no encoder writes all that decoders read."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ALPHA = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"
ESSENTIAL = {b"av1C", b"irot", b"imir", b"clap", b"a1op", b"lsel"}
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def box(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data) + 8) + name + data


def full(name: bytes, data: bytes = b"", version: int = 0, flags: int = 0) -> bytes:
    return box(name, struct.pack(">I", version << 24 | flags) + data)


def file_type(major: bytes, *compatible: bytes) -> bytes:
    return box(b"ftyp", major + bytes(4) + b"".join(compatible))


def handler(kind: bytes, name: bytes = b"") -> bytes:
    return full(b"hdlr", bytes(4) + kind + bytes(12) + name + b"\0")


# Properties of items, and of sample entries.


def ispe(width: int, height: int) -> bytes:
    return full(b"ispe", struct.pack(">II", width, height))


def irot(quarters: int) -> bytes:
    return box(b"irot", bytes((quarters,)))


def imir(axis: int) -> bytes:
    return box(b"imir", bytes((axis,)))


def clap(width: int, height: int, right: int = 0, down: int = 0) -> bytes:
    """Cut out a part, whose centre lies so many halves of a pixel from that of the picture."""
    return box(b"clap", struct.pack(">IIIIiIiI", width, 1, height, 1, right, 2, down, 2))


def auxiliary(urn: bytes = ALPHA) -> bytes:
    return full(b"auxC", urn)


def profile(data: bytes, kind: bytes = b"prof") -> bytes:
    return box(b"colr", kind + data)


def nclx(primaries: int = 1, transfer: int = 13, matrix: int = 6) -> bytes:
    return box(b"colr", b"nclx" + struct.pack(">HHHB", primaries, transfer, matrix, 0x80))


@dataclass(frozen=True)
class Coded:
    """AV1 as an encoder wrote it: its data and the box that configures the decoder."""

    data: bytes
    av1c: bytes
    size: tuple[int, int]

    @property
    def properties(self) -> tuple[bytes, ...]:
        return (ispe(*self.size), self.av1c)


def coded(avif: bytes, item: int = 1) -> Coded:
    """Take an item out of a file that libavif wrote, whose properties do not come in other orders."""
    at = avif.index(b"iloc") + 4
    count = struct.unpack_from(">H", avif, at + 6)[0]
    places = {}
    for number in range(count):
        name, _, _, start, size = struct.unpack_from(">HHHII", avif, at + 8 + 14 * number)
        places[name] = avif[start : start + size]
    sizes, configurations = _found(avif, b"ispe", 20), _found(avif, b"av1C", 12)
    width, height = struct.unpack_from(">II", sizes[0], 12)
    return Coded(places[item], configurations[min(item, len(configurations)) - 1], (width, height))


def _found(data: bytes, name: bytes, size: int) -> list[bytes]:
    found, at = [], data.find(name)
    while at >= 0:
        found.append(data[at - 4 : at - 4 + size])
        at = data.find(name, at + 1)
    return found


# Items.


@dataclass(frozen=True)
class Item:
    """An item of a meta box. Its number is its place in the list, from 1."""

    kind: bytes
    data: bytes = b""
    properties: tuple[bytes, ...] = ()
    refers: tuple[tuple[bytes, tuple[int, ...]], ...] = ()
    name: bytes = b""
    mime: bytes = b""
    in_header: bool = False
    hidden: bool = False


def picture(content: Coded, *properties: bytes, **facts: object) -> Item:
    return Item(b"av01", content.data, content.properties + properties, **facts)


def exif_item(block: bytes, of: int = 1) -> Item:
    return Item(b"Exif", bytes(4) + block, refers=((b"cdsc", (of,)),))


def xmp_item(block: bytes, of: int = 1) -> Item:
    return Item(b"mime", block, refers=((b"cdsc", (of,)),), mime=b"application/rdf+xml")


def meta(
    items: list[Item],
    places: list[int],
    primary: int = 1,
    groups: bytes = b"",
    name: bytes = b"",
    wide: bool = False,
) -> bytes:
    """Write the box that describes items, whose data in ``mdat`` are at those places of the file.

    ``wide`` takes the versions of all boxes with the longest numbers.
    """
    rows, entries, properties, associations, references, idat = b"", b"", b"", b"", b"", b""
    index = 0
    number_, link = ("I", ">H") if wide else ("H", ">B")
    for number, (item, place) in enumerate(zip(items, places, strict=True), 1):
        start = len(idat) if item.in_header else place
        idat += item.data if item.in_header else b""
        found = (start, 1, 1, 0, len(item.data)) if wide else (1, start, len(item.data))
        rows += struct.pack(f">{number_}HH" + ("QHQQQ" if wide else "HII"), number, item.in_header, 0, *found)
        rest = item.name + b"\0" + (item.mime + b"\0" if item.kind == b"mime" else b"")
        head = struct.pack(f">{number_}H", number, 0)
        entries += full(b"infe", head + item.kind + rest, 2 + wide, item.hidden)
        properties += b"".join(item.properties)
        essential = 0x8000 if wide else 0x80
        told = [
            struct.pack(link, place | (essential if one[4:8] in ESSENTIAL else 0))
            for place, one in enumerate(item.properties, index + 1)
        ]
        index += len(item.properties)
        associations += struct.pack(f">{number_}B", number, len(told)) + b"".join(told)
        for kind, targets in item.refers:
            head = struct.pack(f">{number_}H", number, len(targets))
            references += box(kind, head + struct.pack(f">{len(targets)}{number_}", *targets))
    count = struct.pack(f">{number_}", len(items))
    sizes = b"\x88\x88" if wide else b"\x44\0"
    described = full(b"ipma", struct.pack(">I", len(items)) + associations, wide, wide)
    return full(
        b"meta",
        handler(b"pict", name)
        + full(b"pitm", struct.pack(f">{number_}", primary), wide)
        + full(b"iloc", sizes + count + rows, 1 + wide)
        + full(b"iinf", count + entries, wide)
        + (full(b"iref", references, wide) if references else b"")
        + box(b"iprp", box(b"ipco", properties) + described)
        + (box(b"idat", idat) if idat else b"")
        + groups,
    )


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
    """Write a track whose samples begin at one place of the file, and whose items are at others."""
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
    """Data that go into ``mdat``, once each, and where they are in the file."""

    start: int
    data: bytes = b""
    known: dict[bytes, int] = field(default_factory=dict)

    def place(self, content: bytes) -> int:
        if content not in self.known:
            self.known[content] = self.start + len(self.data)
            self.data += content
        return self.known[content]


def placed(write: Callable[[Layout], bytes]) -> bytes:
    """Write headers twice: only the first time tells how long they are."""
    length = len(write(Layout(0)))
    layout = Layout(length + 8)
    return write(layout) + box(b"mdat", layout.data)


def still(items: list[Item], primary: int = 1, start: bytes = b"", **facts: Any) -> bytes:
    """Write a picture."""
    start = start or file_type(b"avif", b"avif", b"mif1", b"miaf")
    return placed(lambda layout: start + meta(items, _places(items, layout), primary, **facts))


def still_after_its_data(items: list[Item]) -> bytes:
    """Write a picture whose header comes last, and has no length, and whose data have a length of 64 bits."""
    start = file_type(b"avif", b"avif", b"mif1", b"miaf")
    layout = Layout(len(start) + 16)
    places = _places(items, layout)
    data = struct.pack(">I4sQ", 1, b"mdat", len(layout.data) + 16) + layout.data
    return start + data + bytes(4) + meta(items, places)[4:]


def moving(
    tracks: list[Track], items: list[Item] | None = None, start: bytes = b"", extra: bytes = b""
) -> bytes:
    """Write an animation."""
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
