"""Calls run in parallel, and their results are in order."""

import threading
from contextvars import ContextVar

import pytest

from imagehost.operations.parallel import IN_FLIGHT, THREADS, each

WORD = ContextVar("WORD", default="none")


def test_results_come_in_the_order_of_the_items():
    waiting = threading.Event()

    def work(number):
        # The first call ends last.
        if number:
            waiting.set()
        else:
            waiting.wait(10)
        return number * number

    assert list(each(work, range(100))) == [number * number for number in range(100)]


def test_several_are_worked_on_at_once():
    barrier = threading.Barrier(THREADS)
    assert len(list(each(lambda _: barrier.wait(10), range(THREADS)))) == THREADS


def test_calls_see_the_context_variables_of_the_caller():
    WORD.set("set")
    assert list(each(lambda _: WORD.get(), range(3))) == ["set"] * 3


def test_the_first_error_ends_it():
    def work(number):
        if number == 5:
            raise ValueError(number)
        return number

    results = each(work, range(10**9))
    assert [next(results) for _ in range(5)] == list(range(5))
    with pytest.raises(ValueError, match="5"):
        next(results)


def test_few_items_are_taken_before_their_turn():
    taken = []

    def items():
        for number in range(10**9):
            taken.append(number)
            yield number

    results = each(lambda number: number, items())
    next(results)
    assert len(taken) <= IN_FLIGHT
    results.close()
