"""All samples by kind, and the damage that mutations may insert."""

from collections.abc import Callable

from . import samples

FAMILIES: dict[str, Callable[[], dict[str, bytes]]] = {
    "jpg": samples.jpegs,
    "png": samples.pngs,
    "gif": samples.gifs,
    "webp": samples.webps,
    "avif": samples.avifs,
}

# The undamaged sample without private data that a damaged sample becomes when it is stored.
SOUND: dict[str, dict[str, str]] = {
    "png": {
        "bad-sum": "rgb",
        "bad-lengths": "rgb",
        "two-exif": "turned",
        "no-end": "rgb",
        "half-an-end": "palette",
        "cut-text": "grey",
        "moving-no-end": "moving",
        "more-frames": "moving",
        "fewer-frames": "two-frames",
        "no-frames": "rgb",
        "monitor": "blank-monitor",
    },
    "gif": {
        "no-trailer": "moving",
        "no-end": "moving",
        "still-no-end": "still",
        "junk": "still",
        "zeros": "moving",
        "monitor": "blank-monitor",
    },
    "webp": {"monitor": "blank-monitor"},
}

TOKENS: dict[str, list[bytes]] = {
    "jpg": [
        b"\xff",
        b"\xff\xd0",
        b"\xff\xd8",
        b"\xff\xd9",
        b"\xff\x01",
        samples.segment(0xFE, b"ab"),
        samples.segment(0xE1, samples.exif(4)),
        samples.segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
        samples.segment(0xEE, b"Adobe\0d\0\0\0\0\1"),
        samples.segment(0xEE, b"Adobe\0d\0\0\0\0\0more"),
        samples.segment(0xE2, b"ICC_PROFILE\0\1\1abc"),
        samples.segment(0xDD, b"\0\2"),
    ],
    "png": [
        samples.chunk(b"tEXt", b"a\0b"),
        samples.chunk(b"IDAT"),
        samples.chunk(b"IEND"),
        samples.chunk(b"eXIf", samples.exif(5)[6:]),
        samples.chunk(b"tRNS", b"\0\1\0\1\0\1"),
        samples.chunk(b"acTL", b"\0\0\0\1\0\0\0\0"),
        samples.bad_sum(samples.chunk(b"gAMA", b"\0\1\x86\xa0")),
        samples.chunk(b"gAMA", b"\0\1\x86"),
        samples.chunk(b"iCCP", b"name\0\0abc"),
    ],
    "gif": [
        b"\0",
        bytes(9),
        b"!",
        b",",
        b";",
        samples.CONTROL,
        samples.PLAIN,
        samples.extension(0xFE, b"ab"),
        samples.extension(0xFF, b"NETSCAPE2.0", b"\1\5\0"),
        samples.extension(0xFF, b"XMP DataXMP", b"ab"),
        samples.extension(0xFF),
        samples.extension(0xF9, b"\5\1\0\2"),
    ],
    "webp": [
        b"\0",
        samples.riff_chunk(b"EXIF", samples.exif(4)),
        samples.riff_chunk(b"XMP ", b"ab"),
        samples.riff_chunk(b"ICCP", b"ab"),
        samples.riff_chunk(b"ANIM", b"\0\0\0\0\2\0"),
        samples.riff_chunk(b"wxyz", b"abc"),
    ],
    "avif": [
        b"\0",
        samples.box(b"free", b"ab"),
        samples.box(b"uuid", bytes(16)),
        samples.box(b"udta"),
        b"Exif",
    ],
}

EACH = [(kind, name) for kind, family in FAMILIES.items() for name in family()]


DAMAGED = [(kind, name) for kind, names in SOUND.items() for name in names]


def sample(kind: str, name: str) -> bytes:
    return FAMILIES[kind]()[name]


def sound(kind: str, name: str) -> bytes:
    """Return the sample itself, or for a damaged one the sample that it becomes when it is stored."""
    return sample(kind, SOUND.get(kind, {}).get(name, name))
