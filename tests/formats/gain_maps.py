"""HDR pictures with a gain map: builders, and a reader of MPF and XMP that does not use our code."""

import io
import struct
import xml.etree.ElementTree as ET

from PIL import Image

from . import samples
from .samples import behind_soi, exif, segment

XMP = b"http://ns.adobe.com/xap/1.0/\0"
ISO = b"urn:iso:std:iso:ts:21496:-1\0"
HDRGM = "http://ns.adobe.com/hdr-gain-map/1.0/"
CONTAINER = "http://ns.google.com/photos/1.0/container/"
ITEM = "http://ns.google.com/photos/1.0/container/item/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
INDEX_SIZE = 90
"""The number of bytes of the segment that index() writes."""

MAP = {
    "Version": "1.0",
    "GainMapMin": "0",
    "GainMapMax": "2.5",
    "Gamma": "1",
    "OffsetSDR": "0.015625",
    "OffsetHDR": "0.015625",
    "HDRCapacityMin": "0",
    "HDRCapacityMax": "2.5",
    "BaseRenditionIsHDR": "False",
}


def packet(attributes: str, children: str = "") -> bytes:
    """Return an XMP packet like those of phones, with private data."""
    spaces = f'xmlns:hdrgm="{HDRGM}" xmlns:Container="{CONTAINER}" xmlns:Item="{ITEM}"'
    private = 'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="GEHEIM" xmp:CreateDate="2025-01-24"'
    return segment(
        0xE1,
        XMP
        + (
            '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>'
            f'<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="GEHEIM"><rdf:RDF xmlns:rdf="{RDF}">'
            f'<rdf:Description rdf:about="" {spaces} {private} {attributes}>{children}</rdf:Description>'
            '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
        ).encode(),
    )


def primary_packet(length: int, *, contained: bool = True) -> bytes:
    items = (
        '<Container:Item Item:Semantic="Primary" Item:Mime="image/jpeg"/>',
        f'<Container:Item Item:Semantic="GainMap" Item:Mime="image/jpeg" Item:Length="{length}"/>',
        '<Container:Item Item:Semantic="MotionPhoto" Item:Mime="video/mp4" Item:Length="77"/>',
    )
    entries = "".join(f'<rdf:li rdf:parseType="Resource">{item}</rdf:li>' for item in items)
    directory = f"<Container:Directory><rdf:Seq>{entries}</rdf:Seq></Container:Directory>"
    return packet('hdrgm:Version="1.0"', directory if contained else "")


def map_packet(**changes: str | None) -> bytes:
    values = {name: value for name, value in (MAP | changes).items() if value is not None}
    return packet(" ".join(f'hdrgm:{name}="{value}"' for name, value in values.items()))


def colourful_packet() -> bytes:
    """Return the XMP packet of a map with a value for each colour, as elements."""
    single = {name: value for name, value in MAP.items() if name != "GainMapMax"}
    children = "".join(f"<rdf:li>{value}</rdf:li>" for value in ("2.5", "2.25", "2"))
    attributes = " ".join(f'hdrgm:{name}="{value}"' for name, value in single.items())
    return packet(attributes, f"<hdrgm:GainMapMax><rdf:Seq>{children}</rdf:Seq></hdrgm:GainMapMax>")


def iso_version() -> bytes:
    return segment(0xE2, ISO + bytes(4) + b"GEHEIM")


def iso_parameters() -> bytes:
    def fraction(value: float, kind: str = ">II") -> bytes:
        return struct.pack(kind, int(value * 1_000_000), 1_000_000)

    signed = [fraction(value, ">iI") for value in (0, 2.5)]
    offsets = [fraction(0.015625, ">iI")] * 2
    values = [fraction(0), fraction(2.5), *signed, fraction(1), *offsets]
    return segment(0xE2, ISO + bytes(4) + b"\x40" + b"".join(values) + b"GEHEIM")


def index(*places: tuple[int, int]) -> bytes:
    """Return the index of pictures with these sizes, at offsets from its header."""
    entries = b"".join(
        struct.pack(">IIIHH", 0 if number else 0x030000, size, offset, 0, 0)
        for number, (offset, size) in enumerate(places)
    )
    head = struct.pack(">2sHIH", b"MM", 42, 8, 3) + struct.pack(">HHI4s", 0xB000, 7, 4, b"0100")
    head += struct.pack(">HHII", 0xB001, 4, 1, len(places)) + struct.pack(
        ">HHII", 0xB002, 7, len(entries), 50
    )
    return segment(0xE2, b"MPF\0" + head + bytes(4) + entries)


def grey_map(*segments: bytes, size: tuple[int, int] = (20, 14)) -> bytes:
    """Return a gain map with its own metadata."""
    image = samples.photo("flower.jpg", size).convert("L")
    return behind_soi(samples.saved(image, "JPEG", comment=b"GEHEIM"), *segments, segment(0xE1, exif(8)))


def picture(
    described: list[bytes], gain_map: bytes, *, gap: bytes = b"", off: int = 0, indexed: bool = True
) -> bytes:
    """Return a picture with private metadata, an index and its gain map."""
    plain = samples.saved(samples.photo(), "JPEG", exif=exif(6), comment=b"GEHEIM")
    whole = behind_soi(plain, *described)
    if not indexed:
        return whole + gap + gain_map
    size = len(whole) + INDEX_SIZE
    header = 2 + sum(map(len, described)) + 8
    entries = index((0, size), (size + len(gap) + off - header, len(gain_map)))
    return behind_soi(plain, *described, entries) + gap + gain_map


def ultra_hdr(**options: object) -> bytes:
    gain_map = grey_map(map_packet())
    return picture([primary_packet(len(gain_map))], gain_map, **options)


def iso_hdr(**options: object) -> bytes:
    return picture([iso_version()], grey_map(iso_parameters()), **options)


def wordy() -> bytes:
    """Return a picture with a value that is not a number, which readers ignore."""
    gain_map = grey_map(map_packet(GainMapMax="GEHEIM"))
    return picture([primary_packet(len(gain_map))], gain_map)


def both() -> bytes:
    gain_map = grey_map(map_packet(), iso_parameters())
    return picture([primary_packet(len(gain_map)), iso_version()], gain_map)


def colourful() -> bytes:
    gain_map = grey_map(colourful_packet())
    return picture([primary_packet(len(gain_map))], gain_map)


KINDS = {
    "ultra-hdr": ultra_hdr,
    "iso": iso_hdr,
    "both": both,
    "a-value-for-each-colour": colourful,
    "words-for-a-number": wordy,
    "a-gap": lambda: ultra_hdr(gap=b"GEHEIM!!"),
    "trailer": lambda: ultra_hdr() + b"GEHEIM" * 13,
    "no-container": lambda: picture([primary_packet(0, contained=False)], grey_map(map_packet())),
}
"""Pictures that Chromium shows in HDR."""


# Reading ------------------------------------------------------------------------------------------------


def segments(jpeg: bytes) -> list[tuple[int, int, bytes]]:
    """Return marker, place of the data, and data of each segment before the first scan."""
    found, at = [], 2
    while jpeg[at + 1] != 0xDA:
        size = struct.unpack_from(">H", jpeg, at + 2)[0]
        found.append((jpeg[at + 1], at + 4, jpeg[at + 4 : at + 2 + size]))
        at += 2 + size
    return found


def places(jpeg: bytes) -> list[tuple[int, int]]:
    """Return the start and the size of each picture according to the index."""
    for marker, at, data in segments(jpeg):
        if marker == 0xE2 and data.startswith(b"MPF\0"):
            tags = {
                tag: (size, value)
                for tag, _, size, value in (
                    struct.unpack_from(">HHII", data, 14 + 12 * number)
                    for number in range(struct.unpack_from(">H", data, 12)[0])
                )
            }
            size, start = tags[0xB002]
            entries = [struct.unpack_from(">IIIHH", data, 4 + start + at) for at in range(0, size, 16)]
            return [(offset + at + 4 if offset else 0, length) for _, length, offset, _, _ in entries]
    return []


def xmp_of(jpeg: bytes) -> dict[str, object]:
    """Return all properties of the XMP packet, with their namespaces. Items of the container are a list."""
    for marker, _, data in segments(jpeg):
        if marker == 0xE1 and data.startswith(XMP):
            root = ET.fromstring(data[len(XMP) :])
            description = root.find(f".//{{{RDF}}}Description")
            found: dict[str, object] = dict(description.attrib)
            for child in description:
                found[child.tag] = [each.text for each in child.iter(f"{{{RDF}}}li") if each.text]
            found["items"] = [dict(each.attrib) for each in root.iter(f"{{{CONTAINER}}}Item")]
            return found
    return {}


def markers(jpeg: bytes) -> list[bytes]:
    """Return the signatures of all application segments."""
    return [data[:8] for marker, _, data in segments(jpeg) if 0xE0 <= marker <= 0xEF]


def decoded(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg), formats=["JPEG"])
    image.load()
    return image
