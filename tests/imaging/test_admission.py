"""The check of uploaded pictures, and their facts as browsers see them."""

import base64
import io
import random
from functools import partial

import pytest
from PIL import Image

from imagehost import formats, imaging
from imagehost.domain.kinds import KINDS
from imagehost.formats import exif
from tests import pictures
from tests.browser import chromium
from tests.formats import samples
from tests.imaging.test_rendering import thumbnail

RULES = imaging.Rules(tuple(KINDS), formats.Limits(), keep_metadata=False)
KEEPING = imaging.Rules(tuple(KINDS), formats.Limits(), keep_metadata=True)
BOTH_RULES = pytest.mark.parametrize("rules", [RULES, KEEPING], ids=["dropping", "keeping"])
RENDERER = imaging.Renderer()


@pytest.mark.parametrize("kind", [*pictures.MAKE, "webp", "avif"])
def test_kinds_are_recognised_by_their_bytes(kind):
    assert imaging.detect_kind(io.BytesIO(pictures.encode(pictures.photo(32, 24), kind))) == kind


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"\x89PNG", b"GIF", b"%PDF-1.7", b"<svg/>", b"BM" + b"\0" * 60]
)
def test_files_that_are_not_allowed_pictures_are_refused(content):
    with pytest.raises(imaging.WrongKind):
        imaging.admit(io.BytesIO(content), RULES, io.BytesIO, partial(RENDERER.prove, None))


def admitted(content: bytes, rules: imaging.Rules = RULES) -> imaging.Facts:
    return imaging.admit(io.BytesIO(content), rules, io.BytesIO, partial(RENDERER.prove, None)).facts


@BOTH_RULES
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpg", "png", "avif"])
def test_facts_are_of_the_picture_as_stored(rules, kind, orientation):
    content = pictures.encode(samples.photo(), kind, exif=samples.exif(orientation))
    assert admitted(content, rules) == imaging.Facts(kind, *samples.SMALL, orientation)


XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
    b"</rdf:RDF></x:xmpmeta>"
)
# When Pillow writes an AVIF, it removes the orientation from EXIF. So the tag gets another number meanwhile.
HIDDEN = exif.minimal(6).replace(b"\x01\x12", b"\x01\x13")
RAW = f"Raw profile type exif\0\nexif\n{len(samples.exif()):8}\n{samples.exif().hex()}\n".encode()
PNG = samples.pngs()["rgb"]
IGNORED = {
    "WebP": samples.webps()["rich"],
    "a moving WebP": samples.webps()["moving-rich"],
    "XMP in JPEG": samples.saved(samples.photo(), "JPEG", xmp=XMP),
    "XMP in PNG": samples.before(PNG, b"IDAT", samples.chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)),
    "EXIF in AVIF": samples.saved(samples.photo(), "AVIF", exif=HIDDEN, speed=10).replace(
        HIDDEN, exif.minimal(6)
    ),
    "EXIF in text": samples.before(PNG, b"IDAT", samples.chunk(b"tEXt", b"exif\0" + samples.exif())),
    "EXIF in hexadecimal": samples.before(PNG, b"IDAT", samples.chunk(b"tEXt", RAW)),
    "EXIF behind the pixels": samples.pngs()["late-exif"],
}
COUNTED = {
    "JPEG": samples.jpegs()["rich"],
    "the first of two": samples.jpegs()["twice"],
    "PNG": samples.pngs()["rich"],
    "a moving PNG": samples.pngs()["moving-rich"],
    "AVIF": samples.avifs()["rich"],
    "AVIF with unreadable EXIF": samples.avifs()["rich"]
    .replace(b"MM\0*", b"XX\0*")
    .replace(b"II*\0", b"XX*\0"),
}


@BOTH_RULES
@pytest.mark.parametrize("content", IGNORED.values(), ids=IGNORED)
def test_pictures_that_browsers_do_not_turn_are_upright(rules, content):
    facts = admitted(content, rules)
    assert facts.orientation == 1
    assert thumbnail(content, facts.kind).size == samples.SMALL


@BOTH_RULES
@pytest.mark.parametrize("content", COUNTED.values(), ids=COUNTED)
def test_pictures_that_browsers_turn_have_an_orientation(rules, content):
    facts = admitted(content, rules)
    assert facts.orientation in {6, 8}
    assert thumbnail(content, facts.kind).size == samples.SMALL[::-1]


def test_odd_exif_never_refuses_a_picture():
    """Pillow fails on some of these with various errors."""
    some = random.Random(1)
    # Without JFIF. If the density is missing there, Pillow searches for it in EXIF.
    bare = samples.jpegs()["baseline"][:2] + samples.jpegs()["baseline"][20:]
    rich = Image.Exif()
    rich.update({0x0112: 6, 0x011A: 144.0, 0x011B: 144.0, 0x0128: 2, 0x010F: "maker"})
    for _ in range(600):
        block = bytearray(rich.tobytes()[6:])
        for _ in range(some.randrange(1, 5)):
            block[some.randrange(len(block))] = some.choice((0, 1, 2, 3, 4, 5, 12, 13, 255))
        odd = bytes(block[: some.choice((len(block), some.randrange(len(block))))])
        for content in (
            samples.behind_soi(bare, samples.segment(0xE1, b"Exif\0\0" + odd)),
            samples.before(PNG, b"IDAT", samples.chunk(b"eXIf", odd)),
        ):
            facts = admitted(content, KEEPING)
            assert facts.orientation == exif.read_exif(odd)
            turned = facts.orientation >= 5
            assert thumbnail(content, facts.kind).size == (samples.SMALL[::-1] if turned else samples.SMALL)


SHOWN = """
async (address) => {
    const image = new Image();
    image.src = address;
    await image.decode();
    return [image.naturalWidth, image.naturalHeight];
}
"""


def test_a_browser_turns_pictures_as_we_say():
    turned = {
        f"{kind} {orientation}": pictures.encode(samples.photo(), kind, exif=samples.exif(orientation))
        for kind in ("jpg", "png", "webp", "avif")
        for orientation in range(1, 9)
    }
    with chromium.launched() as browser:
        page = browser.new_page()
        for name, content in (turned | IGNORED | COUNTED).items():
            facts = admitted(content, KEEPING)
            address = f"data:{KINDS[facts.kind].mime_type};base64,{base64.b64encode(content).decode()}"
            size = [facts.width, facts.height]
            assert page.evaluate(SHOWN, address) == (size if facts.orientation < 5 else size[::-1]), name


def test_a_picture_that_must_be_decoded_three_times_counts_three_times():
    jpeg = pictures.jpg(64, 48, subsampling="4:4:4")
    area = 3 * 64 * 48
    for content, work in ((jpeg, area), (jpeg[:-2], 3 * area)):
        assert admitted(content, imaging.Rules(("jpg",), formats.Limits(work=work), keep_metadata=False))
        with pytest.raises(formats.WorkLimit):
            admitted(content, imaging.Rules(("jpg",), formats.Limits(work=work - 1), keep_metadata=False))
