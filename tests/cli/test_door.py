"""Errors of commands are reported in one line, and by the exit status."""

import json
import os
import signal

import click
import pytest

from imagehost.cli.output import command
from imagehost.operations import cleanup
from tests.applications import host_of


@pytest.fixture
def flask(runner):
    return lambda *words: runner.invoke(args=["cleanup", *words])


@pytest.fixture
def broken(monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("by\nnothing")

    monkeypatch.setattr(cleanup, "clean_up", fail)


def test_an_internal_error_prints_one_line_and_logs_its_traceback(app, flask, broken):
    ended = flask()
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr == "imagehost: ZeroDivisionError: by\\nnothing (details in app.log)\n"
    log = (host_of(app).settings.log_dir / "app.log").read_text()
    assert "ERROR - - command failed" in log
    assert "Traceback (most recent call last)" in log


def test_an_internal_error_is_reported_in_json(flask, broken):
    ended = flask("--json")
    assert ended.exit_code == 1
    answer = {"status": "error", "message": "ZeroDivisionError: by\\nnothing (details in app.log)"}
    assert json.loads(ended.stdout) == answer


def test_a_wrong_use_ends_with_2(flask):
    assert flask("--slice", "1/2").exit_code == 2
    assert flask("--no-such-option").exit_code == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_gets_a_signal_undoes_its_work(number):
    # If nohup runs the tests, they inherit that SIGHUP is ignored.
    before, steps = signal.signal(number, signal.SIG_DFL), []

    @command
    def work() -> None:
        try:
            os.kill(os.getpid(), number)
            signal.pause()
        finally:
            steps.append("taken back")

    try:
        with pytest.raises(SystemExit) as ended:
            work()
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, before)
    assert (ended.value.code, steps) == (128 + number, ["taken back"])


def test_under_nohup_sighup_is_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        command(lambda: os.kill(os.getpid(), signal.SIGHUP))()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_exit_statuses_of_click_are_kept():
    @command
    def ask() -> None:
        raise click.Abort

    with pytest.raises(click.Abort):
        ask()
