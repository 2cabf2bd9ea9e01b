"""exiftool, which knows more formats of metadata than our code, finds no private data in stored pictures."""

import subprocess
from pathlib import Path

import pytest

from tests import pictures
from tests.formats import exiftool
from tests.formats.families import EACH, sample
from tests.formats.looking import clean

CASES = sorted(
    path
    for path in (Path(__file__).parent.parent / "cases").glob("*.*")
    if path.suffix in {".jpg", ".png", ".gif", ".webp", ".avif"}
)
PRIVATE = {
    "GPSLatitude": "52.5",
    "GPSLatitudeRef": "N",
    "Make": "Maker",
    "Model": "Model",
    "SerialNumber": "S123456",
    "Artist": "Erika Foo",
    "DateTimeOriginal": "2024:05:06 07:08:09",
    "UserComment": "at home",
    "IPTC:By-line": "Erika Foo",
    "XMP:Creator": "Erika Foo",
    "XMP:GPSLatitude": "52.5",
    "Comment": "at home",
}
EVERYWHERE = {"XMP-dc:Creator", "XMP-exif:GPSLatitude"}


def all_pictures() -> dict[str, bytes]:
    """Return every sample and every case, by a name that ends in the kind."""
    found = {f"{name}.{kind}": sample(kind, name) for kind, name in EACH}
    return found | {path.name: path.read_bytes() for path in CASES}


def written(folder: Path, contents: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


def cleaned(contents: dict[str, bytes]) -> dict[str, bytes]:
    return {name: clean(name.split(".")[-1], content) for name, content in contents.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("privacy")


@pytest.fixture(scope="module")
def stored(folder) -> dict[str, list[tuple[str, str]]]:
    """Return the tags of all stored pictures."""
    return exiftool.read(written(folder / "stored", cleaned(all_pictures())))


@pytest.fixture(scope="module")
def uploaded(folder) -> dict[str, list[tuple[str, str]]]:
    """Return the tags of all uploaded pictures."""
    return exiftool.read(written(folder / "uploaded", all_pictures()))


@pytest.mark.parametrize("name", all_pictures())
def test_nothing_private_is_stored(stored, name):
    assert exiftool.private(stored[name]) == []


@pytest.mark.parametrize("name", [f"{name}.{kind}" for kind, name in EACH if name.endswith("rich")])
def test_exiftool_finds_the_private_data_of_the_samples(uploaded, name):
    assert exiftool.private(uploaded[name])


def test_exiftool_finds_each_kind_of_metadata(uploaded):
    found = {name for tags in uploaded.values() for name, _ in exiftool.private(tags)}
    assert {
        "GPS:GPSLatitude",
        "ExifIFD:DateTimeOriginal",
        "IFD0:Make",
        "IPTC:Caption-Abstract",
        "JFXX:ThumbnailImage",
        "File:Comment",
        "GIF:Text",
        "PNG:Comment",
        "PNG:ModifyDate",
        "QuickTime:CreateDate",
        "QuickTime:UUID-Unknown",
    } <= found


@pytest.mark.parametrize("kind", ["jpg", "png", "gif", "webp", "avif"])
def test_metadata_that_exiftool_writes_is_dropped(tmp_path, kind):
    before = written(tmp_path / "before", {f"x.{kind}": pictures.encode(pictures.photo(32, 24), kind)})
    tags = [f"-{name}={value}" for name, value in PRIVATE.items()]
    subprocess.run(
        ["exiftool", "-q", "-m", "-overwrite_original", *tags, "-Orientation#=6", str(before / f"x.{kind}")],
        check=True,
        capture_output=True,
        timeout=60,
    )
    found = dict(exiftool.private(exiftool.read(before)[f"x.{kind}"]))
    assert found.keys() >= EVERYWHERE
    content = (before / f"x.{kind}").read_bytes()
    after = written(tmp_path / "after", cleaned({f"x.{kind}": content}))
    assert exiftool.private(exiftool.read(after)[f"x.{kind}"]) == []
    assert b"Erika" in content
    assert b"Erika" not in (after / f"x.{kind}").read_bytes()
