"""The first bytes of files in formats that are not allowed, by the name of the format."""

import gzip
import io
import struct
import zipfile

from PIL import Image

from tests import pictures


def boxes(major: bytes, *compatible: bytes) -> bytes:
    """Return the first box of a file of ISO boxes, and a second one."""
    brands = major + bytes(4) + b"".join(compatible)
    return struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands + b"\0\0\0\x08free"


def encoded(kind: str, **options: object) -> bytes:
    return pictures.encode(pictures.photo(16, 12), kind, **options)


def archive(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name in names:
            file.writestr(zipfile.ZipInfo(name), "text")
    return content.getvalue()


def dng(order: str) -> bytes:
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    tags = [(0x0100, 4, 1, 4000), (0xC612, 1, 4, 0x01040000)]
    entries = b"".join(struct.pack(f"{order}HHII", *tag) for tag in tags)
    return mark + struct.pack(f"{order}IH", 8, len(tags)) + entries + bytes(4)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
HEIC = boxes(b"heic", b"mif1", b"heic")
XML = b'<?xml version="1.0" encoding="utf-8" standalone="no"?>\r\n'
DOCTYPE = (
    b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" '
)
XHTML = b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "xhtml1-strict.dtd">\n<html xmlns="x"/>'
MARK = b"\xef\xbb\xbf"
EMPTY_BLOCK = b"\0\0\0\x08"

SAMPLES: dict[str, list[bytes]] = {
    "a HEIC picture": [
        HEIC,
        boxes(b"heic", b"mif1", b"MiHE", b"MiPr", b"miaf", b"MiHB", b"heic", b"tmap"),
        boxes(b"heix"),
        boxes(b"heim"),
        boxes(b"heis"),
        boxes(b"hevc", b"msf1", b"hevc"),
        boxes(b"hevx"),
        boxes(b"mif1", b"mif1", b"heic", b"hevc"),
        boxes(b"msf1", b"hevs"),
    ],
    "a HEIF picture": [boxes(b"mif1"), boxes(b"mif1", b"mif1", b"miaf"), boxes(b"msf1"), boxes(b"mif2")],
    "a WebP image": [encoded("webp"), b"RIFF\x10\0\0\0WEBPVP8 "],
    "an AVIF image": [encoded("avif"), boxes(b"mif1", b"avif", b"miaf"), boxes(b"avis", b"avif", b"msf1")],
    "a JPEG XL picture": [b"\0\0\0\x0cJXL \r\n\x87\n" + boxes(b"jxl "), b"\xff\x0a\x10\x20\x30"],
    "a JPEG 2000 picture": [encoded("jpeg2000"), b"\xff\x4f\xff\x51\0\x2f\0\0"],
    "a camera raw image": [
        b"II*\0\x10\0\0\0CR\x02\0\x4e\0\0\0",
        dng("<"),
        dng(">"),
        boxes(b"crx ", b"crx ", b"isom"),
        b"IIRO\x08\0\0\0",
        b"IIRS\x08\0\0\0",
        b"IIU\0\x18\0\0\0",
        b"FUJIFILMCCD-RAW 0201FF",
    ],
    "a TIFF picture": [
        encoded("tiff"),
        b"MM\0*\0\0\0\x08\0\1",
        b"II+\0\x08\0\0\0\x10\0",
        b"MM\0+\0\x08\0\0\0\0",
    ],
    "a BMP picture": [encoded("bmp"), pictures.encode(Image.new("1", (9, 9)), "bmp")],
    "an ICO picture": [
        encoded("ico", sizes=[(16, 12)]),
        b"\0\0\2\0\1\0\x20\x20\0\0\0\0\0\0\x30\1\0\0\x16\0\0\0",
    ],
    "a PSD picture": [b"8BPS\0\1\0\0\0\0\0\0\0\3", b"8BPS\0\2\0\0\0\0\0\0\0\3"],
    "an HTML page": [
        b"<!doctype html><script>",
        b"\r\n <!DOCTYPE HTML>\n<HTML>",
        MARK + b"<!-- saved from url=(0014)about:internet -->\n<html lang='de'>",
        b"<HtMl>",
        b"<head/>",
        b"<body bgcolor=white>",
        XML + XHTML,
        b"<!doctype html><svg></svg>",
    ],
    "an SVG picture": [
        SVG,
        MARK + SVG,
        b"\n\t " + SVG,
        XML + SVG,
        XML + b"<!-- Generator: Adobe Illustrator 28.0, SVG Export -- <html> -->\n" + SVG,
        b"<!--" + b"-" * 3000 + b" long -->" + SVG,
        XML + DOCTYPE + b">" + SVG,
        XML + DOCTYPE + b'[\n<!ENTITY ns_svg "http://www.w3.org/2000/svg">\n<!ENTITY a ">">\n]>\n' + SVG,
        b"<?xml-stylesheet href='a?b'?><svg:svg xmlns:svg='http://www.w3.org/2000/svg'>",
        b"<svg>",
    ],
    "a PDF document": [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", b"\n%PDF-1.4", encoded("pdf")],
    "an Office document": [
        archive("[Content_Types].xml", "word/document.xml"),
        archive("_rels/.rels"),
        b"PK\3\4" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.text",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16),
    ],
    "a MOV video": [
        boxes(b"qt  ", b"qt  "),
        b"\0\0\0\x20moov\0\0\0\x18mvhd",
        EMPTY_BLOCK + b"wide\0\x10\0\0mdat",
        EMPTY_BLOCK + b"free\0\x10\0\0mdat",
    ],
    "an M4A audio file": [boxes(b"M4A ", b"M4A ", b"mp42", b"isom")],
    "an MP4 video": [
        boxes(brand, brand, b"isom")
        for brand in (
            b"isom",
            b"iso2",
            b"iso6",
            b"mp41",
            b"mp42",
            b"M4V ",
            b"avc1",
            b"dash",
            b"3gp4",
            b"XAVC",
        )
    ],
    "a WebM video": [b"\x1aE\xdf\xa3\x9fB\x86\x81\1B\xf7\x81\1B\xf2\x81\4B\xf3\x81\x08B\x82\x84webm"],
    "a Matroska video": [b"\x1aE\xdf\xa3\xa3B\x86\x81\1B\xf7\x81\1B\xf2\x81\4B\xf3\x81\x08B\x82\x88matroska"],
    "an AVI video": [b"RIFF\x10\0\0\0AVI LIST"],
    "a WAV audio file": [b"RIFF\x10\0\0\0WAVEfmt "],
    "an MP3 audio file": [b"ID3\3\0\0\0\0\0\0TSSE", b"\xff\xfb\x90\x64\0\0"],
    "a ZIP archive": [archive("photo.jpg"), archive("word.jpg", "[Content_Types].xml"), archive()],
    "a GZIP archive": [gzip.compress(b"photo", mtime=0)],
    "a 7z archive": [b"7z\xbc\xaf\x27\x1c\0\4"],
    "a RAR archive": [b"Rar!\x1a\7\0\xcf", b"Rar!\x1a\7\1\0"],
}

UNKNOWN: dict[str, bytes] = {
    "text": b"hello",
    "text in UTF-16": "\ufeffhello".encode("utf-16-le"),
    "text that begins with BM": b"BMW and others build cars",
    "text that begins with II": b"II. The second chapter",
    "text that begins with MM": b"MM stands for the year 2000",
    "text that begins with RIFF": b"RIFF, they played",
    "text that begins with PK": b"PK and FK are keys",
    "text that begins with 8B": b"8Bit music",
    "text that begins with Rar": b"Rar! What a word",
    "text that begins with ID": b"ID3 is a tag, ID4 is not",
    "text with the name of a box": b"The wide world",
    "text that begins with a tag": b"<svgo> is a program",
    "XML": XML + b"<note/>",
    "XML that mentions SVG": XML + b"<note><svg/></note>",
    "a comment without its end": b"<!-- <svg> ",
    "a program": b"\x7fELF\2\1\1" + bytes(32),
    "zeros": bytes(64),
    "noise": bytes(range(1, 255)),
    "half a RIFF": b"RIFF\x10\0\0\0WEB",
    "half a PNG": b"\x89PNG\r\n",
    "half a HEIC": b"\0\0\0\x18fty",
    "MP3 that is none": b"\xff\xf0\x01",
}

HOSTILE: dict[str, bytes] = {
    "many comments": b"<!---->" * 600,
    "many instructions": b"<??>" * 1100,
    "many declarations": b"<!a[]>" * 700,
    "many dashes": b"<!--" + b"-" * 4000,
    "many question marks": b"<?" + b"?" * 4000,
    "many brackets": b"<!a" + b"[" * 4000,
    "spaces": b" " * 4096,
    "many brands": boxes(b"xxxx", *[b"avi\0"] * 1000),
    "a TIFF of half a tag": b"II*\0" + b"\x12\xc6\x01" * 1300,
    "free space": b"\0\0\0\x08free" + b"mda" * 1300,
}
