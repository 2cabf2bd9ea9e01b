"""Renderings in separate processes: limits, failures, clients that leave, servers that die."""

import gc
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from imagehost import formats, imaging
from imagehost.imaging import renderer as module
from imagehost.imaging.budgets import NO_LIMIT
from imagehost.imaging.renderer import PROCESS, Renderer, RenderingTooCostly
from imagehost.imaging.resources import MIB
from imagehost.imaging.waiting import Abandoned, Crowded, Unusable, hung_up
from imagehost.settings.reader import ROOT
from tests import hostile, pictures
from tests.system.server import wait_until

PHOTO = pictures.jpg(1300, 900)
PLAN = Renderer().plan
SLOW = hostile.jpeg(5000, 5000, 4, 100)
"""A picture that takes seconds to decode."""


def stays() -> bool:
    return False


def render(
    content: bytes, kind: str = "jpg", renderer: Renderer | None = None, client: int | None = None, gone=stays
) -> bytes:
    return (renderer or Renderer()).render(io.BytesIO(content), kind, 320, client, gone)


def limited(**limits: int) -> Renderer:
    """Return a renderer with the same limits for both budgets."""
    limits = {"work": NO_LIMIT, **limits}
    return Renderer(replace(PLAN, light=replace(PLAN.light, **limits), large=replace(PLAN.large, **limits)))


def children(of: int) -> list[int]:
    """Return the living processes that a process has forked."""
    listed = subprocess.run(["ps", "-o", "pid=,stat=", "--ppid", str(of)], capture_output=True, text=True)
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if "Z" not in line]


def idle() -> bool:
    return not children(PROCESS.id)


@pytest.mark.parametrize("kind", [*pictures.MAKE, "webp", "avif"])
def test_a_process_renders_the_same_as_the_function(kind):
    content = pictures.encode(pictures.photo(700, 500), kind)
    assert render(content, kind) == imaging.render_picture(io.BytesIO(content), kind, 320)


def test_a_file_on_disk_is_rendered_as_one_in_memory(tmp_path):
    (tmp_path / "photo").write_bytes(PHOTO)
    with (tmp_path / "photo").open("rb") as file:
        file.read(1000)
        assert Renderer().render(file, "jpg", 320, None, stays) == render(PHOTO)


def test_the_server_loads_nothing_of_the_web_process():
    code = "import sys, imagehost.imaging.fork_server; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = {name.split(".")[0] for name in loaded.stdout.split()}
    assert "PIL" in names
    assert names & {"flask", "werkzeug", "sqlalchemy", "magic", "flask_babel", "gunicorn", "limits"} == set()


def test_the_server_has_one_thread_and_inherits_no_descriptor(tmp_path):
    render(PHOTO)
    with (tmp_path / "open").open("w"):
        wait_until(idle, "a job is still running")
        server = Path(f"/proc/{PROCESS.id}")
        assert "Threads:\t1\n" in (server / "status").read_text()
        opened = [link.readlink() for link in (server / "fd").iterdir() if int(link.name) > 2]
    assert len(opened) == 1
    assert str(opened[0]).startswith("socket:")


def test_neither_process_collects_descriptors():
    def count(process: int | str) -> int:
        return len(list(Path(f"/proc/{process}/fd").iterdir()))

    shared = Renderer()
    for content in (PHOTO, PHOTO[:600]):
        render_or_fail(content, shared)
    gc.collect()
    wait_until(idle, "a job is still running")
    before = count("self"), count(PROCESS.id)
    for _ in range(10):
        for content in (PHOTO, PHOTO[:600]):
            render_or_fail(content, shared)
    wait_until(idle, "a job is still running")
    assert (count("self"), count(PROCESS.id)) == before


def render_or_fail(content: bytes, renderer: Renderer) -> None:
    try:
        render(content, renderer=renderer)
    except formats.Malformed:
        assert content != PHOTO


def test_a_picture_that_needs_more_memory_than_its_budget_fails_alone():
    tight = limited(memory=64 * MIB)
    content = pictures.encode(Image.new("RGBA", (6000, 6000)), "png", compress_level=1)
    with pytest.raises(RenderingTooCostly):
        render(content, "png", tight)
    server = PROCESS.id
    assert len(render(PHOTO, renderer=tight)) > 100
    assert server == PROCESS.id


def test_a_picture_that_takes_more_processor_time_than_a_budget_is_killed():
    short = limited(cpu_seconds=1)
    before = PROCESS.jobs
    with pytest.raises(RenderingTooCostly):
        render(SLOW, renderer=short)
    assert PROCESS.jobs == before + 2
    wait_until(idle, "the job goes on")


def test_a_picture_that_takes_longer_than_a_budget_is_killed():
    begin = time.monotonic()
    with pytest.raises(RenderingTooCostly):
        render(SLOW, renderer=limited(wall_seconds=1))
    assert time.monotonic() - begin < 20
    wait_until(idle, "the job goes on")


def test_a_picture_that_exceeds_the_light_budget_is_rendered_with_the_large_one():
    content = pictures.encode(Image.new("RGB", (3000, 3000)), "png", compress_level=1)
    for limit in ({"memory": 24 * MIB}, {"pixels": 1000}):
        light = replace(PLAN.light, **limit)
        before = PROCESS.jobs
        assert render(content, "png", Renderer(replace(PLAN, light=light)))
        assert PROCESS.jobs == before + 2


def test_a_broken_picture_is_decoded_once():
    before = PROCESS.jobs
    with pytest.raises(formats.Malformed):
        render(PHOTO[:600])
    assert PROCESS.jobs == before + 1


HOSTILE = {
    "a grey JPEG of 62 scans": ("jpg", hostile.grey_jpeg),
    "a CMYK JPEG of 100 scans": ("jpg", hostile.cmyk_jpeg),
    "a lossless WebP": ("webp", hostile.webp),
    "an AVIF of one colour": ("avif", hostile.avif),
}


@pytest.mark.parametrize(("kind", "make"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_picture_ends_within_its_limits(kind, make):
    tight = Renderer(replace(PLAN, large=replace(PLAN.large, cpu_seconds=1, memory=256 * MIB)))
    with pytest.raises((RenderingTooCostly, formats.Malformed)):
        render(make(), kind, tight)
    wait_until(idle, "the job goes on")
    assert render(PHOTO, renderer=tight)


def rendering(content: bytes, renderer: Renderer, **options: object) -> tuple[threading.Thread, list[object]]:
    """Render in a thread, and yield its result."""
    ended: list[object] = []

    def work() -> None:
        try:
            ended.append(render(content, renderer=renderer, **options))
        except Exception as error:  # noqa: BLE001  # the test checks the error below
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    return thread, ended


def test_slow_pictures_do_not_delay_an_ordinary_one():
    shared = Renderer(replace(PLAN, light=replace(PLAN.light, pixels=5_000_000)))
    left = threading.Event()
    slow = [rendering(SLOW, shared, gone=left.is_set) for _ in range(4)]
    wait_until(lambda: shared._large.waiting == 3, "they do not wait for the slot of large ones")
    assert render(PHOTO, renderer=shared)
    assert not [ended for _, ended in slow if ended], "the ordinary one came last"
    left.set()
    for thread, _ in slow:
        thread.join(20)
    assert [type(error) for _, (error,) in slow] == [Abandoned] * 4


def test_slow_pictures_give_way_to_an_ordinary_one():
    light, large = (
        replace(budget, cpu_seconds=60, wall_seconds=60, work=NO_LIMIT) for budget in (PLAN.light, PLAN.large)
    )
    shared = Renderer(replace(PLAN, at_once=1, light=light, large=large))
    left = threading.Event()
    # None of them ends before the ordinary one, also on a fast machine.
    endless = hostile.jpeg(9000, 9000, 4, 100)
    slow = [rendering(endless, shared, gone=left.is_set) for _ in range(4)]
    wait_until(lambda: shared._light.waiting + shared._large.waiting >= 2, "they do not wait")
    assert render(PHOTO, renderer=shared)
    assert not [ended for _, ended in slow if ended], "the ordinary one came last"
    left.set()
    for thread, _ in slow:
        thread.join(20)


def test_few_wait_for_the_slot_of_large_pictures(monkeypatch):
    monkeypatch.setattr(module, "MOST_LARGE", 1)
    shared, left = Renderer(replace(PLAN, light=replace(PLAN.light, pixels=1000))), threading.Event()
    slow = [rendering(SLOW, shared, gone=left.is_set) for _ in range(2)]
    wait_until(lambda: shared._large.waiting == 1, "they do not wait")
    with pytest.raises(Crowded):
        render(PHOTO, renderer=shared)
    left.set()
    for thread, _ in slow:
        thread.join(20)


def test_a_client_that_leaves_takes_its_job_along():
    ours, theirs = socket.socketpair()
    with ours:
        client = ours.fileno()
        thread, ended = rendering(SLOW, Renderer(PLAN), client=client, gone=lambda: module.left(client))
        wait_until(lambda: not idle(), "it does not begin")
        theirs.close()
        thread.join(10)
    assert isinstance(ended[0], Abandoned)
    wait_until(idle, "the job goes on")


def test_a_job_continues_while_another_client_waits_for_it():
    ours, theirs = socket.socketpair()
    with ours:
        others = [1]
        thread, ended = rendering(SLOW, Renderer(PLAN), client=ours.fileno(), gone=lambda: not others)
        wait_until(lambda: not idle(), "it does not begin")
        theirs.close()
        thread.join(0.3)
        assert not ended
        others.clear()
        thread.join(10)
    assert isinstance(ended[0], Abandoned)


def test_a_turn_reports_whether_a_client_still_waits():
    ours, theirs = socket.socketpair()
    shared = Renderer(PLAN)
    with ours, shared.turn("a.jpg", ours.fileno()) as gone:
        assert not gone()
        theirs.close()
        assert gone()
        waiting = threading.Thread(target=lambda: shared.turn("a.jpg").__enter__())
        waiting.start()
        wait_until(lambda: not gone(), "nobody waits")
    waiting.join(10)


def test_the_number_of_waiting_clients_is_limited(monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 1)
    monkeypatch.setattr(module, "SECONDS_TO_WAIT_TO_WAIT", 0.01)
    shared = Renderer()
    with shared.turn("a.jpg"), pytest.raises(Crowded), shared.turn("b.jpg"):
        pass
    with shared.turn("b.jpg"):
        pass


def test_a_server_that_was_killed_is_started_again():
    render(PHOTO)
    first = PROCESS.id
    os.kill(first, signal.SIGKILL)
    assert render(PHOTO)
    assert first not in {PROCESS.id, None}


def test_a_server_that_ends_at_once_is_no_fault_of_the_picture(monkeypatch):
    PROCESS.stop()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Unusable):
        render(PHOTO)
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    with pytest.raises(Unusable):
        render(PHOTO)
    monkeypatch.undo()
    assert render(PHOTO)


def test_a_server_that_hangs_is_replaced(monkeypatch):
    monkeypatch.setattr("imagehost.imaging.process.SECONDS_OF_SLACK", 0)
    render(PHOTO)
    first = PROCESS.id
    os.kill(first, signal.SIGSTOP)
    with pytest.raises(Unusable):
        render(PHOTO, renderer=limited(wall_seconds=0))
    assert PROCESS.id != first
    monkeypatch.undo()
    assert render(PHOTO)


def test_a_forked_process_starts_a_server_of_its_own():
    render(PHOTO)
    inside, told = os.pipe()
    child = os.fork()
    if not child:
        try:
            render(PHOTO)
            os.write(told, str(PROCESS.id).encode())
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    other = int(os.read(inside, 100))
    os.close(inside)
    os.close(told)
    assert other != PROCESS.id
    wait_until(lambda: not Path(f"/proc/{other}").exists(), "the server outlives its process")
    assert render(PHOTO)


CODE = """
import io, sys
from imagehost.imaging import renderer
renderer.Renderer().start()
print(renderer.PROCESS.id, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, None], ids=["killed", "ends"])
def test_the_server_ends_with_its_process(number):
    command = [sys.executable, "-c", CODE]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        server = Path(f"/proc/{int(process.stdout.readline())}")
        assert server.exists()
        if number:
            process.send_signal(number)
        process.stdin.close()
        process.wait(20)
    wait_until(lambda: not server.exists(), "the server outlives its process")


def test_a_connection_that_another_thread_closed_has_ended():
    """If two threads find that the renderer's server has ended, one of them closes the connection of both."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert not hung_up(ours)
    assert hung_up(ours)
