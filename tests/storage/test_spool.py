"""An incoming file, with and without unnamed temporary files of the kernel."""

import errno
import hashlib
import os
import stat
import subprocess
import sys

import pytest

from imagehost.domain.errors import StorageFull, TooLarge, Unavailable
from imagehost.settings.reader import ROOT
from imagehost.storage import spool as module
from imagehost.storage.spool import HELD, Incoming

ERRORS = pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EFBIG, StorageFull),
        (errno.EIO, Unavailable),
        (errno.EROFS, Unavailable),
        (errno.ESTALE, Unavailable),
    ],
    ids=["ENOSPC", "EDQUOT", "EFBIG", "EIO", "EROFS", "ESTALE"],
)


@pytest.fixture(
    params=[None, errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL],
    ids=["unnamed", "EOPNOTSUPP", "EISDIR", "EINVAL"],
)
def folder(request, tmp_path, monkeypatch):
    """Return a folder on a file system that has unnamed files, or reports in a known way that it has none."""
    if request.param:
        real = os.open

        def refusing(path, flags, *rest, **options):
            if flags & os.O_TMPFILE == os.O_TMPFILE:
                raise OSError(request.param, os.strerror(request.param))
            return real(path, flags, *rest, **options)

        monkeypatch.setattr(os, "open", refusing)
    (tmp_path / "incoming").mkdir()
    return tmp_path / "incoming"


@pytest.fixture(params=[HELD, 0, 5], ids=["in memory", "on disk", "both"])
def held(request, monkeypatch):
    """Return the number of bytes that are kept in memory until the file is flushed."""
    monkeypatch.setattr(module, "HELD", request.param)
    return request.param


def test_written_bytes_are_counted_and_hashed(folder, held):
    with Incoming(folder, 100) as incoming:
        assert incoming.write(b"abc") == 3
        assert incoming.write(bytearray(b"def")) == 3
        assert incoming.write(memoryview(b"ghi")[1:]) == 2
        assert incoming.write(b"") == 0
        assert incoming.written == 8
        assert incoming.sha256 == hashlib.sha256(b"abcdefhi").hexdigest()
        incoming.seek(0)
        assert incoming.read() == b"abcdefhi"
        assert incoming.seek(3) == 3
        assert (incoming.read(2), incoming.tell()) == (b"de", 5)


def test_a_small_refused_file_is_never_written_to_the_disk(folder, monkeypatch):
    monkeypatch.setattr(os, "open", None)
    with Incoming(folder, 2 * HELD) as incoming:
        incoming.write(bytes(HELD))
        assert incoming.written == HELD


def test_a_large_file_is_written_while_it_arrives(folder):
    with Incoming(folder, 2 * HELD) as incoming:
        for _ in range(4):
            incoming.write(bytes(HELD // 2))
        assert os.fstat(incoming.fileno()).st_size == 2 * HELD


def test_an_unpublished_file_is_removed(folder, held):
    with Incoming(folder, 100) as incoming:
        incoming.write(b"abc")
    incoming.close()
    assert list(folder.iterdir()) == []


def test_a_published_file_is_complete_has_one_name_and_the_web_server_can_read_it(folder, tmp_path, held):
    with Incoming(folder, 100) as incoming:
        incoming.write(b"abc")
        incoming.write(b"defgh")
        incoming.flush_to_disk()
        incoming.link(tmp_path / "name")
    assert (tmp_path / "name").read_bytes() == b"abcdefgh"
    status = (tmp_path / "name").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_nlink) == (0o640, 1)
    assert list(folder.iterdir()) == []


def test_other_users_cannot_read_a_file_before_it_is_published(folder):
    with Incoming(folder, 100) as incoming:
        incoming.put_on_disk()
        assert stat.S_IMODE(os.fstat(incoming.fileno()).st_mode) == 0o600


def test_a_name_that_is_taken_stays_with_its_bytes(folder, tmp_path):
    (tmp_path / "name").write_bytes(b"first")
    with Incoming(folder, 100) as incoming:
        incoming.write(b"second")
        with pytest.raises(FileExistsError):
            incoming.link(tmp_path / "name")
    assert (tmp_path / "name").read_bytes() == b"first"
    assert list(folder.iterdir()) == []


def test_too_many_bytes_are_refused_while_they_are_written(folder, held):
    with Incoming(folder, 10) as incoming:
        incoming.write(bytes(10))
        with pytest.raises(TooLarge, match="10 bytes"):
            incoming.write(b"x")
        assert incoming.written == incoming.seek(0, os.SEEK_END) == 10
    assert list(folder.iterdir()) == []


def test_a_disk_that_takes_a_part_at_a_time_gets_all(tmp_path):
    content = bytes(range(256)) * 8
    code = """
import sys
from pathlib import Path
from imagehost.storage import spool
parts = []
class Partial(spool.io.FileIO):
    def write(self, data):
        parts.append(len(data))
        return super().write(data[:7])
spool.io.FileIO = Partial
content = bytes(range(256)) * 8
with spool.Incoming(Path(sys.argv[1]), 10000) as file:
    file.write(content)
    file.put_on_disk()
    file.seek(0)
    assert file.read() == content
    print(file.written, file.sha256, len(parts))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == f"2048 {hashlib.sha256(content).hexdigest()} 293\n", done.stderr


@ERRORS
def test_a_file_that_cannot_be_opened_is_reported(tmp_path, monkeypatch, number, error):
    def failing(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", failing)
    with Incoming(tmp_path, 100) as incoming, pytest.raises(error):
        incoming.put_on_disk()


@ERRORS
def test_a_failed_flush_is_reported(folder, monkeypatch, number, error):
    def failing(_):
        raise OSError(number, os.strerror(number))

    with Incoming(folder, 100) as incoming:
        monkeypatch.setattr(os, "fsync", failing)
        with pytest.raises(error):
            incoming.flush_to_disk()


def test_a_limit_on_file_sizes_is_reported_as_a_full_storage(tmp_path):
    code = """
import resource, signal, sys
from pathlib import Path
from imagehost.domain.errors import StorageFull
from imagehost.storage.spool import Incoming
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
with Incoming(Path(sys.argv[1]), 10000) as incoming:
    try:
        incoming.write(bytes(5000))
        incoming.put_on_disk()
    except StorageFull:
        print("told", incoming.seek(0, 2))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "told 1000\n"
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_reported_as_unavailable(tmp_path):
    with Incoming(tmp_path / "gone", 100) as incoming, pytest.raises(Unavailable):
        incoming.put_on_disk()


def test_a_killed_process_leaves_no_unnamed_file(tmp_path):
    code = """
import os, signal, sys
from pathlib import Path
from imagehost.storage.spool import Incoming
incoming = Incoming(Path(sys.argv[1]), 100)
incoming.write(b"abc")
incoming.flush_to_disk()
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert list(tmp_path.iterdir()) == []
