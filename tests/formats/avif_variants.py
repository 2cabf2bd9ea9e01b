"""Variants of AVIF that our encoders do not write: some that browsers show, and some that they do not."""

import struct
from dataclasses import replace
from functools import cache

from . import samples
from .avif_building import (
    ALPHA,
    Coded,
    Item,
    auxiliary,
    box,
    clap,
    coded,
    file_type,
    full,
    imir,
    irot,
    ispe,
    moving,
    nclx,
    picture,
    pictures,
    sound,
    still,
    still_after_its_data,
)

OF_FIRST = ((b"auxl", (1,)),)


@cache
def colour() -> Coded:
    return coded(samples.avif(samples.photo()))


@cache
def alpha(width: int = 40, height: int = 28) -> Coded:
    return coded(samples.avif(samples.transparent().resize((width, height))), 2)


@cache
def frames() -> list[Coded]:
    return [coded(samples.avif(frame)) for frame in samples.frames()]


def transparency(content: Coded, *properties: bytes) -> Item:
    return picture(content, auxiliary(), *properties, refers=OF_FIRST)


def tiled(width: int, *tiles: Item) -> list[Item]:
    numbers = tuple(range(2, 2 + len(tiles)))
    data = bytes((0, 0, 0, 1)) + struct.pack(">HH", 128, 64)
    return [Item(b"grid", data, (ispe(width, 64),), ((b"dimg", numbers),)), *tiles]


@cache
def tile() -> Item:
    return picture(coded(samples.avif(samples.photo(size=(64, 64)))), hidden=True)


def derived(*properties: bytes) -> list[Item]:
    """Return a picture that is derived from another one with alpha. Pillow cannot open it."""
    identity = Item(b"iden", b"", (ispe(40, 28), *properties), ((b"dimg", (2,)),))
    return [identity, picture(colour()), picture(alpha(), auxiliary(), refers=((b"auxl", (2,)),))]


def brands(major: bytes, *compatible: bytes) -> bytes:
    return still([picture(colour()), transparency(alpha())], start=file_type(major, *compatible))


def film(start: bytes, items: bool = True) -> bytes:
    return moving([pictures(frames())], [picture(colour())] if items else None, start)


@cache
def shown() -> dict[str, bytes]:
    small = alpha(20, 14)
    with_alpha = pictures([alpha()] * 2, full(b"auxi", ALPHA), handler=b"auxv", refers=OF_FIRST)
    premultiplied = picture(colour(), refers=((b"prem", (2,)),))
    return {
        "mif1": brands(b"mif1", b"avif", b"mif1"),
        "miaf": brands(b"miaf", b"miaf", b"avif"),
        "msf1": film(file_type(b"msf1", b"avis", b"msf1"), items=False),
        "msf1 with items": film(file_type(b"msf1", b"avif", b"avis", b"msf1")),
        "avis alone": film(file_type(b"avis", b"avis"), items=False),
        "a picture beside an animation": film(file_type(b"avif", b"avif", b"avis")),
        "an animation first": film(file_type(b"mif1", b"avif", b"avis")),
        "heic compatible": brands(b"avif", b"avif", b"heic"),
        "alpha": still([picture(colour()), transparency(alpha())]),
        "alpha by its older name": still(
            [picture(colour()), picture(alpha(), auxiliary(b"urn:mpeg:hevc:2015:auxid:1\0"), refers=OF_FIRST)]
        ),
        "alpha of another size than declared": still(
            [picture(colour()), Item(b"av01", small.data, (ispe(40, 28), small.av1c, auxiliary()), OF_FIRST)]
        ),
        "empty alpha": still([picture(colour()), Item(b"av01", b"", (auxiliary(),), OF_FIRST)]),
        "premultiplied": still([premultiplied, transparency(alpha())]),
        "turned, alpha is not": still([picture(colour(), irot(1)), transparency(alpha())]),
        "alpha that nothing refers to": still([picture(colour()), picture(alpha(), auxiliary())]),
        "derived": still(derived()),
        "derived, with an alpha that is ignored": still(
            [
                Item(b"iden", b"", (ispe(40, 28),), ((b"dimg", (2,)),)),
                picture(colour()),
                transparency(alpha(20, 14)),
            ]
        ),
        "alpha that decoders do not know": still(
            [picture(colour()), transparency(alpha(20, 14), box(b"xxxx", b"x"))]
        ).replace(b"\2\4\3\x84\5\6", b"\2\4\3\x84\5\x86"),
        "derived and turned": still(derived(irot(1), imir(0))),
        "grid": still(tiled(128, tile(), tile())),
        "larger than decoded": still([Item(b"av01", colour().data, (ispe(80, 56), colour().av1c))]),
        "cut at the corner": still([picture(colour(), clap(20, 14, -20, -14), irot(1))]),
        "cut in the middle": still([picture(colour(), clap(20, 14))]),
        "cut to nothing": still([picture(colour(), clap(0, 14))]),
        "in the header": still([picture(colour(), in_header=True)]),
        "second": still([tile(), picture(colour())], primary=2),
        "zeros behind it": still([Item(b"av01", colour().data + bytes(9), colour().properties)]),
        "the longest numbers": still(derived(irot(1)), wide=True),
        "the header at the end": still_after_its_data([picture(colour()), Item(b"Exif", b"GEHEIM")]),
        "nclx": still([picture(colour(), nclx())]),
        "EXIF that is none": still([picture(colour()), Item(b"Exif", b"GEHEIM", refers=((b"cdsc", (1,)),))]),
        "film with alpha": moving([pictures(frames()), with_alpha], [picture(colour())]),
        "film as video": moving([pictures(frames(), handler=b"vide")], [picture(colour())]),
        "film turned by its track": moving([pictures(frames(), irot(3))], [picture(colour())]),
        "film turned by its item": moving([pictures(frames())], [picture(colour(), irot(3))]),
        "a sound beside a picture": moving(
            [sound(b"GEHEIM")], [picture(colour())], file_type(b"avif", b"avif", b"avis")
        ),
        "a sound beside a picture of all brands": moving(
            [sound(b"GEHEIM")], [picture(colour())], file_type(b"mif1", b"avif")
        ),
        "film whose item is broken": moving([pictures(frames())], [picture(replace(colour(), data=b"abc"))]),
    }


@cache
def not_shown() -> dict[str, tuple[bytes, str]]:
    """Return variants that Chromium does not show, each with the reason of its refusal."""
    plain = still([picture(colour())])
    data, av1c = colour().data, colour().av1c
    size = ispe(40, 28)
    none, early = "it contains no picture", "it ends too early"
    foreign = "it does not begin like an AVIF"
    turned, shrunk = "its orientation is invalid", "its transparency and its colours have different sizes"
    short = pictures([alpha()], full(b"auxi", ALPHA), handler=b"auxv", refers=OF_FIRST)
    narrow = pictures([alpha(20, 14)] * 2, handler=b"auxv", refers=OF_FIRST)
    first = picture(colour())
    half = [frames()[0], Coded(frames()[1].data[:-9], av1c, (40, 28))]
    hole = [frames()[0], Coded(b"", av1c, (40, 28))]
    cut = Coded(alpha().data[:-9], alpha().av1c, (40, 28))

    def one(data: bytes, *properties: bytes) -> bytes:
        return still([Item(b"av01", data, properties)])

    return {
        "no primary item": (plain.replace(b"pitm", b"pitx"), none),
        "a primary item that is missing": (still([first], primary=2), none),
        "a primary item that is no picture": (still([Item(b"Exif", b"abc", (size,))]), none),
        "no decoder's configuration": (one(data, size), none),
        "an odd decoder's configuration": (one(data, size, box(b"av1C", bytes(4))), none),
        "no size": (one(data, av1c), none),
        "no width": (one(data, ispe(0, 28), av1c), "its width or its height is 0"),
        "no data": (one(b"", size, av1c), none),
        "zeros for data": (one(bytes(99), size, av1c), none),
        "cut data": (one(data[:-1], size, av1c), early),
        "half of the data": (one(data[:200], size, av1c), early),
        "text behind the data": (one(data + b"GEHEIM secret", size, av1c), early),
        "no sequence header": (one(data[:2] + data[13:], size, av1c), none),
        "no place": (plain.replace(b"iloc", b"ilox"), none),
        "a header of something else": (plain.replace(b"pict", b"xxxx"), "its AVIF header is invalid"),
        "an odd turn": (still([picture(colour(), irot(0xFD))]), turned),
        "an odd mirror": (still([picture(colour(), imir(0xFF))]), turned),
        "a turn that may be ignored": (
            still([picture(colour(), irot(1))]).replace(b"\1\3\1\x82\x83", b"\1\3\1\x82\3"),
            turned,
        ),
        "alpha of another size": (still([first, transparency(alpha(20, 14))]), shrunk),
        "cut alpha": (
            still([first, transparency(cut)]),
            early,
        ),
        "a tile too few": (still(tiled(128, tile())), "its AVIF tile grid is invalid"),
        "a grid of another size": (still(tiled(100, tile(), tile())), "its AVIF tile grid is invalid"),
        "animation without tracks": (brands(b"avis", b"avif", b"avis"), none),
        "no AVIF among the brands": (brands(b"mif1", b"mif1", b"miaf"), foreign),
        "HEIC": (brands(b"heic", b"mif1", b"heic"), foreign),
        "too many brands": (brands(b"mif1", *[b"abcd"] * 35, b"avif"), foreign),
        "no items": (film(file_type(b"avis", b"avif", b"avis"), items=False), none),
        "no frames of pictures": (moving([pictures(frames(), handler=b"soun")], [first]), none),
        "an animation of sounds": (moving([sound(b"GEHEIM")], [first]), none),
        "a cut frame": (moving([pictures(half)], [first]), early),
        "an empty frame": (
            moving([pictures(hole)], [first]),
            none,
        ),
        "alpha of fewer frames": (
            moving([pictures(frames()), short], [first]),
            "frames are missing",
        ),
        "alpha frames of another size": (moving([pictures(frames()), narrow], [first]), shrunk),
    }
