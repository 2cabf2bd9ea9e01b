"""The log file: several processes rotate it at the same time, and no line is lost or damaged."""

import errno
import logging
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from imagehost.logs.rotating_file import LineFile

WRITER = """
import logging, os, sys
from pathlib import Path
from imagehost.logs.rotating_file import LineFile
os.umask(0o027)
file = LineFile(Path(sys.argv[1]), max_size=int(sys.argv[3]), keep=int(sys.argv[4]))
# Some of the writers are forks of others, as gunicorn's are.
file.append(f"{sys.argv[2]} begins\\n".encode())
name = sys.argv[2] + ("" if os.fork() else "'")
print(flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[5])):
    file.append(f"{name} {number} {'x' * (number % 50)}\\n".encode())
if not name.endswith("'"):
    os.wait()
"""


def write_from_processes(path: Path, *, size: int, keep: int, lines: int) -> None:
    """Let three processes and a fork of each write at the same time."""
    command = [sys.executable, "-c", WRITER, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    words = [str(word) for word in (size, keep, lines)]
    writers = [subprocess.Popen([*command, name, *words], **pipes) for name in "abc"]
    for writer in writers:
        writer.stdout.readline()
    for writer in writers:
        writer.stdin.write("go\n" * 2)
        writer.stdin.close()
    for writer in writers:
        assert writer.wait(60) == 0
        writer.stdout.close()


def numbered(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.*"), key=lambda old: int(old.suffix[1:]))


def test_no_line_is_lost_or_torn_when_processes_rotate_at_the_same_time(tmp_path):
    path = tmp_path / "app.log"
    write_from_processes(path, size=5000, keep=1000, lines=2000)
    old = numbered(path)
    assert len(old) > 50
    text = "".join(file.read_text() for file in [*reversed(old), path])
    for name in ("a", "a'", "b", "b'", "c", "c'"):
        # The lines of each process are in order, too: the files were not mixed up.
        own = re.findall(rf"^{name} (\d+ x*)$", text, re.MULTILINE)
        assert own == [f"{number} {'x' * (number % 50)}" for number in range(2000)]
    assert text.count("\n") == 6 * 2000 + 3
    assert max(file.stat().st_size for file in [*old, path]) <= 5000


def test_never_more_than_a_few_old_files_are_kept(tmp_path):
    path = tmp_path / "app.log"
    for number in (3, 4, 17):
        (tmp_path / f"app.log.{number}").write_text("of another time\n")
    (tmp_path / "app.log.gz").write_text("not ours\n")
    write_from_processes(path, size=2000, keep=2, lines=200)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "app.log",
        "app.log.1",
        "app.log.2",
        "app.log.gz",
    ]


def test_a_gap_among_old_files_removes_no_file(tmp_path):
    file = LineFile(tmp_path / "app.log", max_size=10, keep=5)
    for number in (1, 3):
        (tmp_path / f"app.log.{number}").write_text(f"old {number}")
    file.append(b"first\n")
    file.append(b"second\n")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "app.log": "second\n",
        "app.log.1": "first\n",
        "app.log.2": "old 1",
        "app.log.4": "old 3",
    }


def test_a_line_larger_than_the_limit_is_written_whole(tmp_path):
    file = LineFile(tmp_path / "app.log", max_size=10, keep=1)
    for letter in (b"a", b"b"):
        file.append(letter * 100 + b"\n")
    assert (tmp_path / "app.log").read_bytes() == b"b" * 100 + b"\n"
    assert (tmp_path / "app.log.1").read_bytes() == b"a" * 100 + b"\n"


def test_a_rotation_keeps_owner_and_mode_and_removes_rights_of_others(tmp_path):
    path = tmp_path / "app.log"
    file = LineFile(path, max_size=10, keep=1)
    path.write_text("of an old version\n")
    path.chmod(0o664)
    owner = 12345 if os.geteuid() == 0 else os.geteuid()
    os.chown(path, owner, -1)
    file.append(b"another\n")
    assert (tmp_path / "app.log.1").exists()
    found = path.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o660, owner)


def test_a_file_that_root_begins_belongs_to_the_owner_of_the_folder(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    owner = 12345 if os.geteuid() == 0 else os.geteuid()
    os.chown(folder, owner, -1)
    LineFile(folder / "app.log", max_size=10, keep=1).append(b"x\n")
    found = (folder / "app.log").stat()
    assert (found.st_uid, stat.S_IMODE(found.st_mode) & 0o007) == (owner, 0)


def test_a_file_that_cannot_be_rotated_grows_and_this_is_reported_once(tmp_path, capsys):
    path = tmp_path / "app.log"
    # A folder prevents the rotation, for root too.
    (tmp_path / "app.log.1").mkdir()
    (tmp_path / "app.log.1" / "x").touch()
    file = LineFile(path, max_size=10, keep=1)
    for _ in range(5):
        file.emit(logging.makeLogRecord({"msg": "a line"}))
    assert path.read_text() == "a line\n" * 5
    assert capsys.readouterr().err.count("cannot be rotated") == 1


def test_if_the_disk_is_full_no_part_of_a_line_is_kept(tmp_path, monkeypatch, capsys):
    """The kernel writes the bytes that fit, and refuses the next write."""
    path = tmp_path / "app.log"
    file = LineFile(path, max_size=1000, keep=1)
    file.append(b"whole\n")
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
        file.emit(logging.makeLogRecord({"msg": "too long"}))
    file.append(b"room again\n")
    assert path.read_text() == "whole\nroom again\n"
    assert os.strerror(errno.ENOSPC) in capsys.readouterr().err


@pytest.mark.parametrize("break_it", [lambda path: path.parent.rmdir(), lambda path: path.mkdir()])
def test_a_log_file_that_cannot_be_written_raises_no_error(tmp_path, break_it, capsys):
    folder = tmp_path / "logs"
    folder.mkdir()
    file = LineFile(folder / "app.log", max_size=1000, keep=1)
    break_it(file.path)
    for _ in range(3):
        file.emit(logging.makeLogRecord({"msg": "lost"}))
    assert capsys.readouterr().err.count("cannot be written") == 1


def test_a_file_may_be_moved_away_at_any_time(tmp_path):
    file = LineFile(tmp_path / "app.log", max_size=1000, keep=1)
    file.append(b"first\n")
    (tmp_path / "app.log").rename(tmp_path / "moved")
    file.append(b"second\n")
    assert (tmp_path / "moved").read_text() == "first\n"
    assert (tmp_path / "app.log").read_text() == "second\n"
