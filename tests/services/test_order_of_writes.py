"""A real process is traced by strace, and killed at each of its writes: the order of writes loses nothing.

Each run has its own copy of folder and database, and makes the same system calls as the one before.
"""

import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from imagehost import create_app
from imagehost.domain.rendition_sizes import rendition_names
from tests import pictures
from tests.applications import close
from tests.conftest import ON_BOTH_DATABASES, as_upload, migrate
from tests.postgres import Postgres
from tests.services import one_change
from tests.services.one_change import NAME
from tests.system import truth

pytestmark = ON_BOTH_DATABASES

CALLS = "write,pwrite64,sendto,fsync,fdatasync,mkdir,linkat,unlink"
LINE = re.compile(r"(\w+)\((.*)")
PHOTO = pictures.jpg(comment=b"so that it is copied without it")


@dataclass(frozen=True)
class Call:
    """One system call: its name, its arguments, and its number among the calls with this name."""

    name: str
    arguments: str
    number: int

    def __str__(self) -> str:
        return f"{self.name} {self.number}: {self.arguments[:100]}"


@dataclass(frozen=True)
class Run:
    """The exit status of a run, and the files that it left."""

    folder: Path
    url: str
    status: int
    answer: bytes
    calls: list[Call]

    @property
    def images(self) -> Path:
        return self.folder / "images"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def state(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], tuple[Path, str]]]:
    """Return a function that copies a host with two images, the second one with its renditions."""
    base = tmp_path_factory.mktemp("base")
    made: list[str] = []
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), base / "imagehost.db")
        url = f"sqlite:///{base}/imagehost.db"
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        request.getfixturevalue("database_template")
        url = postgres.url("order_of_writes")
    app = create_app(DATABASE_URL=url, INSTANCE_DIR=base, RATE_LIMIT_ENABLED=False)
    for photo in (PHOTO, pictures.jpg(1300, 867)):
        image = app.test_client().post("/upload", data=as_upload(photo)).json
    for kind in ("thumbnails", "previews/720", "previews/1280"):
        answer = app.test_client().get(f"/{kind}/{image['filename']}.webp", buffered=True)
        assert answer.status_code == 200
    close(app)

    def copy() -> tuple[Path, str]:
        folder = tmp_path_factory.mktemp("run")
        shutil.copytree(base, folder, dirs_exist_ok=True)
        if request.param == "sqlite":
            return folder, f"sqlite:///{folder}/imagehost.db"
        made.append(folder.name)
        return folder, postgres.create(folder.name, template="order_of_writes")

    yield copy
    for name in made:
        postgres.drop(name)


@pytest.fixture(scope="module")
def database_template(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    migrate(postgres.create("order_of_writes"), tmp_path_factory.mktemp("template"))
    yield
    postgres.drop("order_of_writes")


def change(state: Callable[[], tuple[Path, str]], action: str, kill_at: Call | None = None) -> Run:
    """Upload a picture or delete the second one in a traced process, which is killed at a call."""
    folder, url = state()
    trace = folder / "trace"
    what = "2"
    if action == "upload":
        (folder / "photo.jpg").write_bytes(PHOTO)
        what = str(folder / "photo.jpg")
    kill = [f"--inject={kill_at.name}:signal=KILL:when={kill_at.number}"] if kill_at else []
    program, connection = one_change.start(action, url, folder, what)
    # Attach to the running process, since a traced start takes ten times as long.
    watcher = subprocess.Popen(
        ["strace", "-y", "-s", "40", "-o", str(trace), f"--trace={CALLS}", *kill, f"--attach={program.pid}"],
        stderr=subprocess.PIPE,
        text=True,
    )
    attached = watcher.stderr.readline()
    with connection:
        connection.send("go")
        program.join(60)
        watcher.communicate(timeout=60)
        # Nothing if the process was killed before it answered.
        answer = os.read(connection.fileno(), 65536)
    assert "attached" in attached
    return Run(folder, url, program.exitcode, answer, read_trace(trace))


def read_trace(trace: Path) -> list[Call]:
    """Return the calls of the program since strace was attached."""
    counts: Counter[str] = Counter()
    calls = []
    for match in filter(None, map(LINE.match, trace.read_text().splitlines())):
        name, arguments = match.groups()
        counts[name] += 1
        calls.append(Call(name, arguments, counts[name]))
    return calls


def position(calls: list[Call], name: str, *parts: str) -> int:
    """Return the place of the only call with this name whose arguments contain these parts."""
    found = [
        index
        for index, call in enumerate(calls)
        if call.name == name and all(part in call.arguments for part in parts)
    ]
    assert len(found) == 1, (name, parts, [str(calls[index]) for index in found])
    return found[0]


def commit_of(run: Run) -> int:
    """Return the place of the call that makes the commit durable."""
    if run.url.startswith("postgresql"):
        return next(index for index, call in enumerate(run.calls) if "COMMIT" in call.arguments)
    answered = answer_of(run)
    flushes = [
        index
        for index, call in enumerate(run.calls)
        if call.name == "fdatasync" and "db-wal>" in call.arguments
    ]
    return max(index for index in flushes if index < answered)


def answer_of(run: Run) -> int:
    return position(run.calls, "write", "<socket:", "status")


def test_an_upload_is_flushed_recorded_linked_flushed_committed_answered(state):
    run = change(state, "upload")
    assert run.status == 0
    truth.assert_exact(run.url, run.images)
    assert len(truth.rows(run.url)) == 3
    calls = run.calls
    last_byte = max(
        index for index, call in enumerate(calls) if call.name == "write" and "/.incoming/" in call.arguments
    )
    flush = position(calls, "fsync", "/.incoming/")
    folder = position(calls, "mkdir", f"images/{NAME[:2]}")
    folder_flush = position(calls, "fsync", f"{run.images}>")
    link = position(calls, "linkat", f"/{NAME}.jpg")
    link_flush = position(calls, "fsync", f"{run.images}/{NAME[:2]}>")
    steps = [last_byte, flush, folder, folder_flush, link, link_flush, commit_of(run), answer_of(run)]
    assert steps == sorted(steps), "\n".join(map(str, calls))
    if run.url.startswith("postgresql"):
        row = position(calls, "sendto", "INSERT INTO images ")
        count = position(calls, "sendto", "INSERT INTO image_days")
        assert flush < row < link < link_flush < count < commit_of(run)
    else:
        log = [
            index
            for index, call in enumerate(calls)
            if call.name == "pwrite64" and "db-wal>" in call.arguments
        ]
        assert link_flush < min(log)
        # After the flush, nothing is written to the log, except at the regular end of the process.
        assert max(log) < commit_of(run)


def test_a_deletion_is_committed_before_bytes_and_renditions_go(state):
    run = change(state, "delete")
    assert run.status == 0
    truth.assert_exact(run.url, run.images)
    assert truth.hidden(run.images, ".renditions") == []
    unlinks = [
        index
        for index, call in enumerate(run.calls)
        if call.name == "unlink" and "/images/" in call.arguments
    ]
    # In the present folder, and in the folder that older releases used for renditions without a version.
    renditions = [True] * 2 * len(rendition_names("name"))
    assert ["/.renditions/" in run.calls[index].arguments for index in unlinks] == [False, *renditions]
    assert commit_of(run) < min(unlinks)
    assert max(unlinks) < answer_of(run)


def worth_killing_at(run: Run) -> list[Call]:
    """Return the calls whose writes may matter to other processes, but not each page of SQLite."""
    connected = False
    chosen = []
    pages: Counter[str] = Counter()
    for call in run.calls:
        connected = connected or any(word in call.arguments for word in ("INSERT", "DELETE"))
        if call.name == "pwrite64":
            path = call.arguments.partition(">")[0]
            pages[path] += 1
            if path.endswith("-shm") or pages[path] not in {1, 4}:
                continue
        if call.name == "sendto" and not connected:
            continue
        if call.name == "write" and "<socket:" not in call.arguments:
            continue
        chosen.append(call)
    return chosen


@pytest.mark.parametrize("action", ["upload", "delete"])
def test_a_process_killed_at_any_write_loses_nothing(state, action):
    whole = change(state, action)
    before = state()
    kept = truth.rows(before[1])

    def kill_and_look(call: Call) -> bool:
        run = change(state, action, call)
        assert run.status == -signal.SIGKILL, call
        rows, files = truth.rows(run.url), truth.files(run.images)
        assert rows.items() <= files.items(), call
        assert len(files) - len(rows) <= 1, call
        counted, by_rows = truth.days(run.url)
        assert counted == by_rows, call
        assert truth.hidden(run.images, ".incoming") == [], call
        if action == "upload":
            assert kept.items() <= rows.items(), call
            if run.answer:
                assert f"{NAME}.jpg" in rows, call
        else:
            assert len(rows) in {1, 2}, call
            if run.answer:
                assert len(rows) == len(files) == 1, call
        return len(rows) == len(truth.rows(whole.url))

    calls = worth_killing_at(whole)
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(kill_and_look, calls))
    # From one call on, the action is done. If killed at the first call it is not done, at the last call it
    # is.
    assert done == sorted(done), [(str(call), so) for call, so in zip(calls, done, strict=True)]
    assert (done[0], done[-1]) == (False, True)
    assert len(calls) >= 7
