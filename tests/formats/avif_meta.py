"""The box that describes the items of an AVIF."""

import struct
from dataclasses import dataclass

from .avif_boxes import ESSENTIAL, Coded, box, full, handler


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
    """Return the box that describes items whose data in ``mdat`` is at these places of the file.

    With ``wide``, all boxes have the versions with the longest numbers.
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
