"""Every file system accepts the names of exported files."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagehost.domain.image_names import clean_name
from imagehost.operations.exporting.names import LONGEST_STEM, key, safe_name


@pytest.mark.parametrize(
    ("original", "kind", "name"),
    [
        ("photo.jpg", "jpg", "photo.jpg"),
        ("photo.JPEG", "jpg", "photo.JPEG"),
        ("Фото 1.png", "png", "Фото 1.png"),
        ("photo.png", "jpg", "photo.jpg"),
        ("photo", "gif", "photo.gif"),
        ("v1.2", "png", "v1.2.png"),
        ("setup.exe", "jpg", "setup.exe.jpg"),
        ("", "jpg", "image.jpg"),
        ("...", "jpg", "image.jpg"),
        (".jpg", "jpg", "image.jpg"),
        (".htaccess", "png", "htaccess.png"),
        ("../../etc/passwd", "jpg", "_.._etc_passwd.jpg"),
        ("C:\\me\\a.jpg", "jpg", "C__me_a.jpg"),
        ('a<b>c:"d|e?f*.jpg', "jpg", "a_b_c__d_e_f_.jpg"),
        ("a\nb\0c.jpg", "jpg", "a_b_c.jpg"),
        ("a\u2028b\ud800.jpg", "jpg", "a_b_.jpg"),
        ("CON.jpg", "jpg", "_CON.jpg"),
        ("con .jpg", "jpg", "_con.jpg"),
        ("Lpt1.tar.png", "png", "_Lpt1.tar.png"),
        ("console.jpg", "jpg", "console.jpg"),
        ("-rf.jpg", "jpg", "_-rf.jpg"),
        ("~.jpg", "jpg", "_~.jpg"),
        ("a. .jpg", "jpg", "a.jpg"),
        ("gpj\u202egnp.exe.jpg", "jpg", "gpj_gnp.exe.jpg"),
        ("images.csv", "jpg", "images.csv.jpg"),
    ],
)
def test_a_name_is_made_safe(original, kind, name):
    assert ".".join(safe_name(original, kind)) == name


def test_a_long_name_is_cut_between_letters():
    stem, extension = safe_name("ä" * 200 + ".jpg", "jpg")
    assert (stem, extension) == ("ä" * (LONGEST_STEM // 2), "jpg")
    stem, _ = safe_name("x" + "\N{GRINNING FACE}" * 100, "jpg")
    assert len(stem.encode()) <= LONGEST_STEM


@settings(derandomize=True, database=None, deadline=None)
@given(st.text(max_size=300), st.sampled_from(["jpg", "png", "gif", "webp", "avif"]))
def test_any_name_is_made_safe(original, kind):
    for text in (original, clean_name(original)):
        stem, extension = safe_name(text, kind)
        name = f"{stem} (1000000).{extension}"
        assert 0 < len(stem.encode()) <= LONGEST_STEM
        assert len(name.encode()) < 255
        assert not set(name) & set('/\\<>:"|?*\0\n\r')
        assert not stem.startswith((".", " ", "-", "~"))
        assert not stem.endswith((".", " "))
        assert safe_name(f"{stem}.{extension}", kind) == (stem, extension)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Photo.JPG", "photo.jpg"), ("é.jpg", "e\u0301.jpg"), ("straße", "STRASSE"), ("\u0131", "I")],
)
def test_names_that_some_system_takes_for_one_are_one(one, other):
    assert key(one) == key(other)
