"""Small real pictures with all kinds of metadata that may or must not be kept."""

import importlib.util
import io
import struct
import zlib
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, PngImagePlugin

from . import avif_building as building

SECRET = b"GEHEIM"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">GEHEIM</x:xmpmeta>'
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# The time when it was made would be different in each run.
PROFILE = PROFILE[:24] + struct.pack(">6H", 2025, 1, 24, 15, 30, 0) + PROFILE[36:]
SMALL = (40, 28)


def monitor_profile(secret: bytes = SECRET) -> bytes:
    """Add Apple's tags, which name a monitor, to a profile, and those of colord and DisplayCAL."""
    tags = {
        b"mmod": b"mmod\0\0\0\0" + secret * 3,
        b"dscm": b"mluc\0\0\0\0" + secret,
        b"meta": b"dict\0\0\0\0" + secret * 2,
    }
    (count,) = struct.unpack_from(">I", PROFILE, 128)
    shift = 12 * len(tags)
    table = b"".join(
        struct.pack(">4sII", name, start + shift, size)
        for name, start, size in struct.iter_unpack(">4sII", PROFILE[132 : 132 + 12 * count])
    )
    data = PROFILE[132 + 12 * count :]
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, 132 + 12 * count + shift + len(data), len(tag))
        data += tag
    head = struct.pack(">I", 132 + len(table) + len(data)) + PROFILE[4:128]
    return head + struct.pack(">I", count + len(tags)) + table + data


MONITOR = monitor_profile()
BLANK_MONITOR = monitor_profile(bytes(len(SECRET)))


def photograph(name: str) -> Path:
    """Return the path of a photograph of scikit-learn, without importing it, which takes seconds."""
    folder = importlib.util.find_spec("sklearn").submodule_search_locations[0]
    return Path(folder) / "datasets" / "images" / name


@cache
def photo(name: str = "china.jpg", size: tuple[int, int] = SMALL) -> Image.Image:
    with Image.open(photograph(name)) as image:
        return image.resize(size)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def exif(orientation: int | None = 6) -> bytes:
    """Return EXIF like that of a camera: place, time, maker."""
    tags = Image.Exif()
    if orientation:
        tags[0x0112] = orientation
    tags[0x010F] = "GEHEIM maker"
    tags[0x0132] = "2025:01:24 15:30:00"
    tags.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 0.0), 29: "GEHEIM"})
    tags.get_ifd(0x8769).update({0x9003: "GEHEIM time"})
    return tags.tobytes()


# JPEG ---------------------------------------------------------------------------------------------------


def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def behind_soi(jpeg: bytes, *segments: bytes) -> bytes:
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def between_scans(jpeg: bytes, extra: bytes) -> bytes:
    at = jpeg.index(b"\xff\xda", jpeg.index(b"\xff\xda") + 2)
    return jpeg[:at] + extra + jpeg[at:]


THUMBNAIL = b"JFIF\0\x01\x02\0\0\x01\0\x01\x02\x01" + SECRET
IPTC = segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x0c\x1c\x02\x78\0\x06GEHEIM\0")
OLD_THUMBNAIL = segment(0xE0, b"JFXX\0\x10" + SECRET)


@cache
def jpegs() -> dict[str, bytes]:
    rich = {"exif": exif(), "icc_profile": PROFILE, "xmp": XMP, "comment": SECRET}
    found = {
        "baseline": saved(photo(), "JPEG"),
        "progressive": saved(photo(), "JPEG", progressive=True),
        "restarts": saved(photo(), "JPEG", restart_marker_blocks=1),
        "cmyk": saved(photo().convert("CMYK"), "JPEG"),
        "grey": saved(photo().convert("L"), "JPEG"),
        "rgb": saved(photo(), "JPEG", keep_rgb=True),
        "rich": saved(photo(), "JPEG", **rich),
        "rich-progressive": saved(photo(), "JPEG", progressive=True, **rich),
        "upright": saved(photo(), "JPEG", exif=exif(1)),
        "unoriented": saved(photo(), "JPEG", exif=exif(None)),
        "mpo": saved(photo(), "MPO", save_all=True, append_images=[photo("flower.jpg")], exif=exif(3)),
    }
    found["segments"] = behind_soi(found["baseline"], segment(0xE0, THUMBNAIL), OLD_THUMBNAIL, IPTC)
    found["between"] = between_scans(
        found["progressive"], segment(0xFE, SECRET) + b"\xff" + segment(0xE1, XMP)
    )
    found["filled"] = (
        found["cmyk"].replace(b"\xff\xc4", b"\xff\xff\xff\xc4").replace(b"\xff\xd9", b"\xff\xff\xd9")
    )
    found["twice"] = behind_soi(found["baseline"], segment(0xE1, exif(8)), segment(0xE1, exif(3)))
    return found


# PNG ----------------------------------------------------------------------------------------------------


def chunk(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def before(png: bytes, name: bytes, *chunks: bytes) -> bytes:
    at = png.index(name) - 4
    return png[:at] + b"".join(chunks) + png[at:]


def frames(mode: str = "RGB") -> list[Image.Image]:
    return [photo("flower.jpg").convert(mode), photo().rotate(90).convert(mode)]


@cache
def pngs() -> dict[str, bytes]:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "GEHEIM")
    text.add_text("Raw profile type exif", "GEHEIM", zip=True)
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    text.add(b"tIME", b"\x07\xe9\x01\x18\x0f\x1e\x00")
    text.add(b"prVt", SECRET, after_idat=True)
    rich = {"exif": exif(), "icc_profile": PROFILE, "pnginfo": text, "dpi": (72, 72)}
    moving = {"save_all": True, "append_images": frames(), "duration": [100, 200, 300], "loop": 3}
    rgba = photo().convert("RGBA")
    rgba.putalpha(photo("flower.jpg").convert("L"))
    found = {
        "rgb": saved(photo(), "PNG"),
        "bare": saved(photo(), "PNG", icc_profile=None),
        "grey": saved(photo().convert("L"), "PNG"),
        "bits": saved(photo().convert("1"), "PNG"),
        "deep": saved(photo().convert("I;16"), "PNG"),
        "rgba": saved(rgba, "PNG"),
        "palette": saved(photo().quantize(16), "PNG", transparency=3),
        "rich": saved(photo(), "PNG", **rich),
        "upright": saved(photo(), "PNG", exif=exif(1)),
        "moving": saved(photo(), "PNG", **moving),
        "moving-rich": saved(photo(), "PNG", **moving, **rich),
        "moving-default": saved(photo(), "PNG", default_image=True, **moving),
    }
    found["late-exif"] = before(found["rgb"], b"IEND", chunk(b"eXIf", exif(8)[6:]))
    # Damaged samples. SOUND contains the samples that they become when they are stored.
    found["bad-sum"] = before(found["rgb"], b"IDAT", bad_sum(chunk(b"tEXt", b"Comment\0GEHEIM")))
    found["bad-lengths"] = before(
        found["rgb"], b"IDAT", *(chunk(name, SECRET + bytes(40)) for name in (b"pHYs", b"sBIT", b"bKGD"))
    )
    found["two-exif"] = before(
        before(found["rgb"], b"IEND", chunk(b"eXIf", exif(3)[6:])), b"IDAT", chunk(b"eXIf", exif(6)[6:])
    )
    found["no-end"] = found["rgb"][:-12]
    found["half-an-end"] = found["palette"][:-5]
    found["cut-text"] = found["grey"][:-12] + chunk(b"tEXt", b"Comment\0GEHEIM")[:-6]
    found["moving-no-end"] = found["moving"][:-12]
    found["more-frames"] = announcing(found["moving"], 7)
    found["fewer-frames"] = announcing(found["moving"], 2)
    found["no-frames"] = announcing(found["moving"], 0)
    found["monitor"] = before(found["bare"], b"IDAT", profile_chunk(b"GEHEIM 27", MONITOR))
    # The samples that damaged ones become.
    third = found["moving"].rindex(b"fcTL") - 4
    found["two-frames"] = announcing(found["moving"][:third] + chunk(b"IEND"), 2)
    found["turned"] = before(found["rgb"], b"IDAT", chunk(b"eXIf", exif(6)[6:]))
    found["blank-monitor"] = before(found["bare"], b"IDAT", profile_chunk(b"ICC profile", BLANK_MONITOR))
    return found


def profile_chunk(name: bytes, profile: bytes) -> bytes:
    return chunk(b"iCCP", name + b"\0\0" + zlib.compress(profile))


def bad_sum(part: bytes) -> bytes:
    return part[:-1] + bytes((part[-1] ^ 1,))


def announcing(png: bytes, frames: int) -> bytes:
    at = png.index(b"acTL") - 4
    return png[:at] + chunk(b"acTL", struct.pack(">I", frames) + png[at + 12 : at + 16]) + png[at + 20 :]


# GIF ----------------------------------------------------------------------------------------------------


def extension(label: int, *blocks: bytes) -> bytes:
    return b"!" + bytes((label,)) + b"".join(bytes((len(block),)) + block for block in blocks) + b"\0"


PLAIN = extension(0x01, b"\0\0\0\0\x08\0\x08\0\x08\x08\x01\0", SECRET)
CONTROL = extension(0xF9, b"\x08\x0a\0\0")


def head_size(gif: bytes) -> int:
    return 13 + (3 << (gif[10] & 7) + 1 if gif[10] & 0x80 else 0)


def behind_screen(gif: bytes, *extensions: bytes) -> bytes:
    at = head_size(gif)
    return gif[:at] + b"".join(extensions) + gif[at:]


def profile_extension(profile: bytes) -> bytes:
    return extension(0xFF, b"ICCRGBG1012", *(profile[at : at + 255] for at in range(0, len(profile), 255)))


@cache
def gifs() -> dict[str, bytes]:
    small = photo().quantize(16)
    moving = {"save_all": True, "append_images": frames(), "duration": [100, 200, 300], "loop": 3}
    holed = [image.quantize(8) for image in (photo(), *frames())]
    found = {
        "still": saved(small, "GIF"),
        "moving": saved(photo(), "GIF", disposal=2, **moving),
        "holed": saved(
            holed[0], "GIF", save_all=True, append_images=holed[1:], transparency=2, disposal=[1, 2, 3]
        ),
        "comment": saved(photo(), "GIF", comment=SECRET, disposal=2, **moving),
    }
    wide = bytearray(found["still"])
    wide[6:10] = struct.pack("<HH", 8, 4)
    found["enlarged"] = bytes(wide)
    xmp = extension(0xFF, b"XMP DataXMP", XMP)
    found["extensions"] = behind_screen(found["moving"], extension(0xFE), xmp, PLAIN, extension(0x77, SECRET))
    found["plain"] = behind_screen(found["still"], CONTROL, PLAIN)
    # Damaged samples. SOUND contains the samples that they become when they are stored.
    found["no-trailer"] = found["moving"][:-1]
    found["no-end"] = found["moving"][:-2]
    found["still-no-end"] = found["still"][:-2]
    found["junk"] = found["still"][:-1] + b"\r\n" + SECRET
    second = found["moving"].index(CONTROL[:3], found["moving"].index(CONTROL[:3]) + 1)
    found["zeros"] = (
        behind_screen(found["moving"][:second], b"\0") + bytes(300) + found["moving"][second:-1] + b"\0;"
    )
    found["monitor"] = behind_screen(found["still"], profile_extension(MONITOR))
    found["blank-monitor"] = behind_screen(found["still"], profile_extension(BLANK_MONITOR))
    return found


# WebP ---------------------------------------------------------------------------------------------------


def riff(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def riff_chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


@cache
def webps() -> dict[str, bytes]:
    rich = {"exif": exif(), "icc_profile": PROFILE, "xmp": XMP}
    moving = {"save_all": True, "append_images": frames(), "duration": [100, 200, 300], "loop": 3}
    rgba = photo().convert("RGBA")
    rgba.putalpha(photo("flower.jpg").convert("L"))
    found = {
        "lossy": saved(photo(), "WEBP"),
        "lossless": saved(photo(size=(15, 11)), "WEBP", lossless=True),
        "alpha": saved(rgba, "WEBP"),
        "rich": saved(photo(), "WEBP", **rich),
        "upright": saved(photo(), "WEBP", exif=exif(1)),
        "moving": saved(photo(), "WEBP", **moving),
        "moving-rich": saved(rgba, "WEBP", **moving, **rich),
    }
    found["unknown"] = riff(found["alpha"][12:], riff_chunk(b"GHIM", SECRET + b"!"))
    found["simple"] = riff(found["lossy"][12:], riff_chunk(b"EXIF", exif()))
    found["monitor"] = saved(photo(), "WEBP", icc_profile=MONITOR)
    found["blank-monitor"] = saved(photo(), "WEBP", icc_profile=BLANK_MONITOR)
    return found


# AVIF ---------------------------------------------------------------------------------------------------


def box(name: bytes, data: bytes = b"") -> bytes:
    return building.box(name, data)


def avif(image: Image.Image, **options: Any) -> bytes:
    """Encode pixels, by default without metadata."""
    bare = image.copy()
    bare.info = {}
    return saved(bare, "AVIF", speed=10, max_threads=1, **options)


def transparent() -> Image.Image:
    rgba = photo().convert("RGBA")
    rgba.putalpha(photo("flower.jpg").convert("L"))
    return rgba


def monitor_profile() -> bytes:
    """Add the data of Apple's tag for a monitor to a profile."""
    (count,) = struct.unpack_from(">I", PROFILE, 128)
    table, data = PROFILE[132 : 132 + 12 * count], PROFILE[132 + 12 * count :]
    moved = b"".join(
        struct.pack(">4sII", name, start + 12, size)
        for name, start, size in struct.iter_unpack(">4sII", table)
    )
    private = b"mmod" + bytes(4) + SECRET + bytes(2)
    entry = struct.pack(">4sII", b"mmod", len(PROFILE) + 12, len(private))
    whole = PROFILE[:128] + struct.pack(">I", count + 1) + moved + entry + data + private
    return struct.pack(">I", len(whole)) + whole[4:]


CAMERA = {"exif": exif(), "xmp": XMP}
GAIN_MAP = struct.pack(">BHHB4I", 0, 0, 0, 0x40, 0, 1, 2, 1) + struct.pack(
    ">iIiIIIiIiI", 0, 1, 2, 1, 1, 1, 1, 64, 1, 64
)
"""ISO 21496-1: the difference between the picture and its brightest version, in stops."""


def described(*facts: bytes, icc_profile: bytes = PROFILE) -> list[building.Item]:
    """Return a picture with metadata in all parts, and its EXIF and XMP."""
    colour = building.coded(avif(photo()))
    words = building.full(b"udes", b"de\0GEHEIM\0GEHEIM\0GEHEIM\0")
    profile = building.profile(icc_profile)
    thumbnail = building.coded(avif(photo("flower.jpg", (16, 12))))
    return [
        building.picture(colour, profile, words, *facts, name=SECRET),
        building.exif_item(exif()[6:]),
        building.xmp_item(XMP),
        building.picture(thumbnail, refers=((b"thmb", (1,)),), name=SECRET),
        building.Item(b"uri ", SECRET, mime=SECRET, in_header=True),
    ]


def gain_map(*more: building.Item) -> bytes:
    """Return a picture with a gain map."""
    base, gain = building.coded(avif(photo())), building.coded(avif(photo("flower.jpg", (20, 14))))
    look = (building.ispe(*SMALL), building.nclx(9, 16, 9))
    return building.still(
        [
            building.picture(base, building.nclx()),
            building.picture(gain, building.nclx(2, 2, 6), hidden=True),
            building.Item(b"tmap", GAIN_MAP, look, ((b"dimg", (1, 2)),)),
            *more,
        ],
        start=building.file_type(b"avif", b"avif", b"mif1", b"miaf", b"tmap"),
        groups=building.box(b"grpl", building.full(b"altr", struct.pack(">IIII", 9, 2, 3, 1))),
    )


def grid() -> bytes:
    """Return a picture of two tiles, each with its own alpha."""
    rgba = transparent().resize((64, 64))
    tiles = [building.coded(avif(rgba), item) for item in (1, 2)]
    colour, alpha = tiles
    return building.still(
        [
            building.Item(
                b"grid",
                struct.pack(">BBBBHH", 0, 0, 0, 1, 128, 64),
                (building.ispe(128, 64), building.imir(1)),
                ((b"dimg", (2, 3)),),
            ),
            *(building.picture(colour, hidden=True) for _ in range(2)),
            *(building.picture(alpha, building.auxiliary(), refers=((b"auxl", (n,)),)) for n in (2, 3)),
        ]
    )


def film(icc_profile: bytes = PROFILE) -> bytes:
    """Return an animation with alpha and sound, and with metadata in all parts."""
    pictures = [transparent().rotate(angle) for angle in (0, 180)]
    colour, alpha = ([building.coded(avif(picture), item) for picture in pictures] for item in (1, 2))
    words = building.box(b"udta", building.box(b"\xa9nam", SECRET))
    camera = (building.exif_item(exif()[6:]), building.xmp_item(XMP))
    profile = building.profile(icc_profile)
    return building.moving(
        [
            building.sound(SECRET * 3, SECRET, name=SECRET),
            building.pictures(
                colour,
                *(profile, building.irot(1)),
                compressor=SECRET,
                name=SECRET,
                items=camera,
                extra=words,
                durations=(100, 300),
            ),
            building.pictures(
                alpha,
                building.full(b"auxi", building.ALPHA),
                handler=b"auxv",
                refers=((b"auxl", (2,)),),
                durations=(100, 300),
            ),
            building.Track((SECRET,), building.box(b"mett", bytes(8) + SECRET), b"meta", SECRET),
        ],
        [building.picture(colour[0], building.irot(1)), *camera],
        extra=words + building.full(b"meta", building.handler(b"mdir") + building.box(b"ilst", SECRET)),
    )


@cache
def avifs() -> dict[str, bytes]:
    # Pillow 13 with libavif 1.4.2 crashes when it writes an animation with an orientation.
    rich = {**CAMERA, "icc_profile": PROFILE}
    moving = {"save_all": True, "append_images": frames(), "duration": [100, 200, 300]}
    found = {
        "plain": avif(photo()),
        "alpha": saved(transparent(), "AVIF", speed=10, max_threads=1),
        "rich": avif(photo(), **rich),
        "moving": avif(photo(), **moving),
        "moving-rich": avif(photo(), **moving, **{**rich, "exif": exif(1)}),
        "described": building.still(described(building.irot(3), building.imir(0))),
        "gain-map": gain_map(),
        "grid": grid(),
        "film": film(),
    }
    found["boxes"] = found["plain"] + box(b"uuid", SECRET * 4) + box(b"free", SECRET)
    found["mif1"] = building.still(
        [building.picture(building.coded(found["plain"]))],
        start=building.file_type(b"mif1", b"mif1", b"avif", b"miaf"),
    )
    return found
