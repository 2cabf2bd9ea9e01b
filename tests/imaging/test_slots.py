"""Slots that threads and processes share, and waiting clients that leave."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from imagehost.imaging import slots
from imagehost.imaging.slots import LockFile, Slots, Turns
from imagehost.imaging.waiting import Abandoned, Crowded
from tests.system.server import wait_until


def stays() -> bool:
    return False


def test_no_more_threads_hold_slots_than_there_are():
    two, holding, most = Slots(LockFile(), range(2), 9), [], []

    def work(_: int) -> None:
        with two.hold(stays, 60):
            holding.append(1)
            most.append(len(holding))
            time.sleep(0.002)
            holding.pop()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert max(most) == 2
    assert two.waiting == 0


def test_threads_get_their_slots_in_the_order_of_arrival():
    one, order = Slots(LockFile(), [0], 9), []

    def work(number: int) -> None:
        with one.hold(stays, 60):
            order.append(number)

    with one.hold(stays, 1):
        threads = []
        for number in range(5):
            threads.append(threading.Thread(target=work, args=(number,)))
            threads[-1].start()
            wait_until(lambda: one.waiting == len(threads), "it does not wait")
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_a_thread_that_waits_sleeps(monkeypatch):
    one, looks = Slots(LockFile(), [0], 9), []
    monkeypatch.setattr(slots, "SELDOM", 60)
    left = threading.Event()

    def work() -> None:
        with one.hold(lambda: bool(looks.append(1)), 60):
            left.set()

    with one.hold(stays, 1):
        thread = threading.Thread(target=work)
        thread.start()
        wait_until(lambda: looks, "it does not wait")
        assert not left.wait(0.2)
    assert left.wait(10)
    thread.join()
    assert len(looks) == 1


def test_waiting_too_long_is_an_error():
    one = Slots(LockFile(), [0], 9)
    with one.hold(stays, 1), pytest.raises(Crowded), one.hold(stays, 0.01):
        pass
    with one.hold(stays, 0):
        pass


def test_a_client_that_leaves_gives_up_its_turn():
    one = Slots(LockFile(), [0], 9)
    with one.hold(stays, 1), pytest.raises(Abandoned), one.hold(lambda: True, 60):
        pass
    assert one.waiting == 0


def in_child(act) -> int:
    """Call a function in a forked process, which then ends. Return its id."""
    child = os.fork()
    if not child:
        try:
            act()
        finally:
            os._exit(0)
    return child


def test_forked_processes_share_the_slots_and_the_kernel_releases_those_of_a_killed_one():
    one = Slots(LockFile(), [0], 9)
    inside, told = os.pipe()

    def hold() -> None:
        with one.hold(stays, 1):
            os.write(told, b"1")
            time.sleep(60)

    child = in_child(hold)
    try:
        assert os.read(inside, 1) == b"1"
        with pytest.raises(Crowded), one.hold(stays, 0.1):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(inside)
        os.close(told)
    with one.hold(stays, 10):
        pass


def test_a_child_does_not_release_what_its_parent_holds():
    one = Slots(LockFile(), [0, 1], 9)
    with one.hold(stays, 1):
        os.waitpid(in_child(lambda: None), 0)
        child = in_child(lambda: os._exit(one._file.lock(0)))
        assert os.waitpid(child, 0)[1] == 0


def test_each_name_has_one_turn_which_is_removed_after_use():
    turns = Turns(LockFile(), 10)
    with turns.of("a") as first, turns.of("a") as second, turns.of("b") as other:
        assert first is second
        assert other is not first
        with first.hold(stays, 1), other.hold(stays, 1), pytest.raises(Crowded), second.hold(stays, 0.01):
            pass
    assert turns._used == {}


def test_two_renderers_share_nothing():
    first, second = (Slots(LockFile(), [0], 9) for _ in range(2))
    with first.hold(stays, 1), second.hold(stays, 1):
        pass


def test_the_holder_of_a_slot_sees_that_a_thread_waits():
    one = Slots(LockFile(), [0], 9)
    with one.hold(stays, 1):
        assert not one.are_wanted()
        thread = threading.Thread(target=lambda: one.hold(stays, 60).__enter__())
        thread.start()
        wait_until(one.are_wanted, "nobody waits")
    thread.join()
    assert not one.are_wanted()


def test_the_holder_of_a_slot_sees_that_another_process_waits():
    one = Slots(LockFile(), [0], 9)
    held, hold = os.pipe()

    def wait() -> None:
        os.read(held, 1)
        with one.hold(stays, 60):
            os._exit(0)

    # Fork before the slot is held, since a child has a copy of its parent's state.
    child = in_child(wait)
    with one.hold(stays, 1):
        os.write(hold, b".")
        wait_until(one.are_wanted, "nobody waits")
    assert os.waitpid(child, 0)[1] == 0
    assert not one.are_wanted()
