"""An export to a full disk is reported, and continued when there is space again."""

import pytest

from tests import pictures
from tests.conftest import uploaded
from tests.storage.small_disk import SmallDisk
from tests.system import commands


@pytest.mark.parametrize(
    ("leave", "words"),
    [(0, "cannot be used: database or disk is full"), (64 * 1024, "There is no space left in")],
    ids=["no room", "room for a part"],
)
def test_a_full_disk_is_reported_and_the_export_continues_when_there_is_space(client, tmp_path, leave, words):
    names = {
        str(uploaded(client, pictures.jpg(800 + number, 600), f"{number}.jpg")["original_name"])
        for number in range(2)
    }
    with SmallDisk(tmp_path / "disk", "size=1m") as disk:
        ballast = disk.fill(leave)

        def export() -> tuple[int, str]:
            words = ("images", "export", str(disk.mount / "export"))
            ended = commands.run({"INSTANCE_DIR": tmp_path}, *words, inside=disk.enter)
            return ended.returncode, ended.stderr

        status, complaint = export()
        assert (status, complaint.count("\n")) == (1, 1)
        assert words in complaint
        assert "To continue, run the same command again." in complaint
        ballast.unlink()
        assert export() == (0, "")
        assert {path.name for path in (disk.path / "export").iterdir()} == {*names, "images.csv"}
