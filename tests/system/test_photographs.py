"""Parts of pictures of cameras and programs that the real server drops or keeps."""

import io
import struct
import zlib
from pathlib import Path

import pytest
import requests
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

from tests import pictures
from tests.system.server import Server

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><where>Strasse 7</where></x:xmpmeta>'
SECRETS = (b"Leica Q3", b"Strasse 7", b"Anna Muster", b"2024:02:29", b"GPS")


def camera_exif() -> bytes:
    """Return EXIF with orientation 6, camera, person, time, place, and a thumbnail (Exif, 4.5)."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F], exif[0x0110], exif[0x013B] = "Leica Camera AG", "Leica Q3", "Anna Muster"
    exif[0x0132] = "2024:02:29 12:00:00"
    places = exif.get_ifd(0x8825)
    places.update({1: "N", 2: (47.0, 22.0, 1.5), 3: "E", 4: (8.0, 32.0, 2.5), 27: b"GPS"})
    thumbnail = pictures.jpg(160, 120)
    tiff = bytearray(exif.tobytes()[6:])
    order = "<" if tiff[:2] == b"II" else ">"
    # The link to the second directory is the last field of the first one. Pillow cannot write it.
    first = struct.unpack_from(order + "I", tiff, 4)[0]
    entries = struct.unpack_from(order + "H", tiff, first)[0]
    tiff += bytes(len(tiff) % 2)
    second = len(tiff)
    struct.pack_into(order + "I", tiff, first + 2 + 12 * entries, second)
    start = second + 2 + 3 * 12 + 4
    tiff += struct.pack(order + "H", 3)
    for tag, kind, value in ((0x0103, 3, 6), (0x0201, 4, start), (0x0202, 4, len(thumbnail))):
        packed = struct.pack(order + ("HH" if kind == 3 else "I"), *((value, 0) if kind == 3 else (value,)))
        tiff += struct.pack(order + "HHI", tag, kind, 1) + packed
    return b"Exif\0\0" + bytes(tiff) + struct.pack(order + "I", 0) + thumbnail


def photograph() -> bytes:
    image = pictures.photo(4000, 3000)
    options = {"quality": 90, "exif": camera_exif(), "icc_profile": PROFILE, "xmp": XMP}
    return pictures.encode(image, "jpg", comment=b"at home, Strasse 7", **options)


def animated_gif() -> bytes:
    frames = [pictures.photo(160, 120) for _ in range(4)]
    for number, frame in enumerate(frames):
        ImageDraw.Draw(frame).ellipse((number * 20, 20, number * 20 + 30, 50), fill="blue")
    return pictures.encode(
        frames[0], "gif", save_all=True, append_images=frames[1:], duration=90, loop=3, comment=b"Anna Muster"
    )


def animated_png() -> bytes:
    frames = [pictures.photo(160, 120) for _ in range(4)]
    for number, frame in enumerate(frames):
        ImageDraw.Draw(frame).ellipse((number * 20, 20, number * 20 + 30, 50), fill="blue")
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "Anna Muster")
    text.add_itxt("Comment", "Strasse 7", zip=True)
    options = {"save_all": True, "append_images": frames[1:], "duration": 120, "loop": 2}
    return pictures.encode(frames[0], "png", pnginfo=text, icc_profile=PROFILE, **options)


def deep_png() -> bytes:
    values = b"".join(struct.pack("<H", (x * 257 + y * 131) % 65536) for y in range(120) for x in range(160))
    image = Image.frombytes("I;16", (160, 120), values)
    exif = camera_exif()[6:]
    content = pictures.encode(image, "png", icc_profile=None)
    chunk = b"eXIf" + exif
    # After IHDR, which takes 33 bytes with the signature.
    whole = struct.pack(">I", len(exif)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return content[:33] + whole + content[33:]


MAKE = {
    "photograph.jpg": photograph,
    "animation.gif": animated_gif,
    "animation.png": animated_png,
    "deep.png": deep_png,
}


@pytest.fixture(scope="module", params=["dropped", "kept"])
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    folder: Path = tmp_path_factory.mktemp("photographs")
    with Server(folder, KEEP_METADATA=str(request.param == "kept").lower()) as running:
        running.keeps = request.param == "kept"
        yield running


@pytest.fixture(scope="module", params=MAKE)
def picture(request: pytest.FixtureRequest) -> tuple[str, bytes]:
    return request.param, MAKE[request.param]()


def test_a_picture_keeps_its_pixels_and_loses_its_metadata(host, picture):
    name, sent = picture
    answer = requests.post(f"{host.url}/upload", files={"file": (name, sent)}, timeout=60)
    assert answer.status_code == 200, answer.text
    got = requests.get(answer.json()["url"], timeout=60).content
    thumbnail = requests.get(answer.json()["thumbnail_url"], timeout=60)
    assert thumbnail.status_code == 200
    assert any(secret in sent for secret in SECRETS)
    if host.keeps:
        assert got == sent
        return
    assert not [secret for secret in SECRETS if secret in got]
    assert pictures.pixels(got) == pictures.pixels(sent)
    with Image.open(io.BytesIO(sent)) as before, Image.open(io.BytesIO(got)) as after:
        assert after.info.get("icc_profile") == before.info.get("icc_profile")
        assert after.info.get("duration") == before.info.get("duration")
        assert after.info.get("loop") == before.info.get("loop")
        assert dict(after.getexif()) == ({0x0112: 6} if before.getexif() else {})
        assert "comment" not in after.info
        assert "xmp" not in after.info
        assert getattr(after, "text", {}) == {}
    if name == "photograph.jpg":
        assert got.count(b"\xff\xd8\xff") == 1, "a thumbnail is in it"
        with Image.open(io.BytesIO(thumbnail.content)) as small:
            assert small.size == (240, 320), "it does not stand upright"
