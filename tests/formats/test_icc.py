import struct

from imagehost.formats import icc

from . import samples


def with_tags(profile: bytes, **tags: bytes) -> bytes:
    """Add tags to a profile."""
    (count,) = struct.unpack_from(">I", profile, 128)
    entries = [struct.unpack_from(">4sII", profile, 132 + 12 * number) for number in range(count)]
    shift = 12 * len(tags)
    body = profile[132 + 12 * count :]
    table = b"".join(struct.pack(">4sII", name, start + shift, size) for name, start, size in entries)
    for name, data in tags.items():
        table += struct.pack(">4sII", name.encode(), 132 + 12 * count + shift + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    whole = profile[:128] + struct.pack(">I", count + len(tags)) + table + body
    return struct.pack(">I", len(whole)) + whole[4:]


def monitor_profile() -> bytes:
    """A profile as Apple's systems make it for a monitor, with its name and its serial number."""
    text = "GEHEIM".encode("utf-16-be")
    name = b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(text), 28) + text
    return with_tags(
        samples.PROFILE, mmod=b"mmod" + bytes(4) + b"GEHEIM" * 5 + bytes(2), dscm=name + b"GEHEIM"
    )


def test_private_tags_are_blanked_and_nothing_else():
    profile = monitor_profile()
    left = icc.blanked(profile)
    assert len(left) == len(profile)
    assert b"GEHEIM" in profile
    assert b"GEHEIM" not in left
    assert b"G\0E\0H" not in left
    assert left.count(b"mmod") == profile.count(b"mmod") == 2
    start = min(at for at in range(len(profile)) if left[at] != profile[at])
    assert start > profile.index(b"mmod", 132 + 12 * 12)
    assert icc.blanked(left) is left


def test_a_profile_without_private_tags_is_left_alone():
    assert icc.blanked(samples.PROFILE) is samples.PROFILE


def test_bytes_that_another_tag_uses_stay():
    profile = bytearray(monitor_profile())
    at = profile.index(b"mmod", 132)
    (where, size) = struct.unpack_from(">II", profile, profile.index(b"rXYZ", 128) + 4)
    struct.pack_into(">II", profile, at + 4, where, size)
    assert icc.blanked(bytes(profile))[where : where + size] == bytes(profile)[where : where + size]


def test_what_is_no_profile_is_left_alone():
    for data in (b"", b"abc", bytes(200), monitor_profile()[:131], monitor_profile()[:140]):
        assert icc.blanked(data) is data
