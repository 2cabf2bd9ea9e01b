"""The framework of the benchmarks. The tests do not run the measurements."""

import importlib
import json
import re

import pytest

from benchmarks import __main__ as bench
from benchmarks import load
from benchmarks.measuring import Table, rounds
from tests.forms import form, part


@pytest.fixture
def table() -> Table:
    table = Table("A table")
    table.ratio("ours beside theirs", [10, 12, 11], [10, 10, 10], most=1.15)
    table.add("seconds", [2.0, 2.0], "s", most=1.5)
    table.add("no target", [1234567.0])
    return table


def test_a_figure_is_the_median_of_its_rounds_with_lowest_and_highest(table):
    lines = [re.sub(" +", " ", line) for line in table.markdown().splitlines()]
    assert lines[4:] == [
        "| ours beside theirs | 1.1 (1–1.2) | × | ≤ 1.15 | met |",
        "| seconds | 2 | s | ≤ 1.5 | **missed** |",
        "| no target | 1,234,567 | | | |",
    ]


def test_ratios_are_of_the_same_round():
    table = Table("A machine that becomes ten times slower")
    table.ratio("twice", [2, 20, 200], [1, 10, 100], least=2)
    (row,) = table.rows
    assert (row.value.low, row.value.high, row.is_met) == (2, 2, True)


def test_saved_tables_can_be_read_again(table):
    assert Table.read(table.json()).markdown() == table.markdown()


def test_each_is_measured_as_often_and_in_turn():
    order = []
    found = rounds(3, {name: lambda name=name: order.append(name) or len(order) for name in "ab"})
    assert order == list("abbaab")
    assert found == {"a": [1, 4, 5], "b": [2, 3, 6]}


@pytest.mark.parametrize("name", bench.NAMES)
def test_each_benchmark_has_a_measure_and_is_explained(name):
    assert callable(importlib.import_module(f"benchmarks.{name}").measure)
    assert f"| `{name}` | " in bench.DOCUMENT.read_text()


def test_the_tables_of_the_document_are_those_of_the_last_run():
    tables = bench.DOCUMENT.read_text().partition(bench.BEGINS)[2].partition(bench.ENDS)[0]
    assert tables.strip() == bench.rendered(bench.DOCUMENTED).strip()
    assert json.loads(bench.DOCUMENTED.read_text()).keys() == set(bench.NAMES)


@pytest.mark.parametrize("metadata", [False, True])
def test_the_pictures_have_the_size_that_is_said_and_metadata_only_where_wanted(client, metadata):
    content = load.jpeg(200_000, metadata=metadata)
    assert abs(len(content) - 200_000) < 20_000
    # The script of wrk writes its counter into these bytes.
    assert content[6:11] == b"JFIF\0"
    counted = content[:14] + b"\0\1\2\3" + content[18:]
    answer = client.post("/upload", **form(part(counted))).json
    assert (answer["size"] < len(counted)) == metadata
