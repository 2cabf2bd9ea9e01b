"""A backup is made every night. A failure is reported, and the next night's backup is made as usual."""

import threading
import time
from datetime import UTC, datetime, timedelta
from datetime import time as clock

import pytest

from imagehost.operations.backups import schedule
from imagehost.operations.backups.catalogue import changing_backups, list_backups
from imagehost.operations.backups.create import create_backup, create_dump
from imagehost.operations.backups.prune import KeepRule
from imagehost.operations.backups.schedule import (
    BackupSchedule,
    is_backed_up_since,
    last_due,
    run_scheduled_backup,
)
from imagehost.operations.backups.verifications import last_verification
from imagehost.operations.backups.verify import verify_backup
from tests.operations.backups.hosts import add_images

RULE = KeepRule(7, 4, 6)
BERLIN = "Europe/Berlin"


@pytest.fixture
def context(app):
    with app.app_context():
        add_images(app, 2)
        yield


def test_a_night_makes_verifies_and_prunes(host, app, context):
    assert run_scheduled_backup(host, RULE).problem is None
    (backup,) = list_backups(host)
    assert last_verification(host, backup).problems == []
    assert BackupSchedule(host, clock(3), RULE).last.backup == backup.name


@pytest.fixture
def marker(host, context):
    return host.settings.images_dir / ".imagehost"


def test_a_failed_night_is_reported_until_the_next_one_succeeds(host, app, context, marker, caplog):
    marker.unlink()
    plan = BackupSchedule(host, clock(3), RULE)
    plan.last = run_scheduled_backup(host, RULE)
    assert "is probably not mounted" in plan.problem()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "scheduled backup failed"
    ]
    # Also after a restart of the command.
    assert "is probably not mounted" in BackupSchedule(host, clock(3), RULE).problem()
    host.storage.initialise()
    plan.last = run_scheduled_backup(host, RULE)
    assert plan.problem() is None


def test_a_verified_backup_made_by_hand_ends_the_report_of_a_failed_night(host, app, context, marker):
    marker.unlink()
    plan = BackupSchedule(host, clock(3), RULE)
    plan.last = run_scheduled_backup(host, RULE)
    host.storage.initialise()
    create_dump(host)
    backup = create_backup(host).backup
    assert plan.problem()
    verify_backup(host, backup)
    assert plan.problem() is None


def test_an_image_without_bytes_fails_the_night(host, app, context):
    lost = next(host.settings.images_dir.glob("[a-z0-9][a-z0-9]/*"))
    lost.unlink()
    assert f"{lost.name} had no bytes in the storage" in run_scheduled_backup(host, RULE).problem


def test_a_night_that_fails_prunes_nothing(host, app, context, marker, monkeypatch):
    monkeypatch.setattr(schedule, "prune_backups", lambda *_: pytest.fail("pruned"))
    marker.unlink()
    assert run_scheduled_backup(host, RULE).problem


def test_a_folder_that_cannot_be_written_is_reported(host, app, context):
    host.settings.backup_dir.touch()
    how = run_scheduled_backup(host, RULE)
    assert "cannot be written or read" in how.problem
    assert BackupSchedule(host, clock(3), RULE).last is None


def test_an_overdue_backup_is_reported(host, app, context, monkeypatch):
    hour = datetime.now(UTC).astimezone() - timedelta(hours=7)
    plan = BackupSchedule(host, clock(hour.hour, hour.minute), RULE)
    assert "No backup has been made since" in plan.problem()
    run_scheduled_backup(host, RULE)
    assert plan.problem() is None


def run(plan, until):
    """Run a schedule in a thread until a condition holds."""
    stop = threading.Event()
    thread = threading.Thread(target=plan.run, args=(stop,))
    thread.start()
    deadline = time.monotonic() + 20
    try:
        while not until():
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        stop.set()
        thread.join()


def test_a_missed_backup_is_made_at_once_and_only_once(host, app, context, monkeypatch):
    monkeypatch.setattr(schedule, "SECONDS_BETWEEN_CLOCK_CHECKS", 0.05)
    plan = BackupSchedule(host, clock(0), RULE)
    run(plan, until=lambda: plan.last)
    assert len(list_backups(host)) == 1
    # After this backup, no other one is due.
    looks = []
    monkeypatch.setattr(schedule, "is_backed_up_since", lambda _, due: looks.append(due) or True)
    run(plan, until=lambda: looks)
    assert len(list_backups(host)) == 1


def test_a_failed_night_is_not_tried_again_before_the_next(host, app, context, monkeypatch):
    monkeypatch.setattr(schedule, "SECONDS_BETWEEN_CLOCK_CHECKS", 0.01)
    nights = []
    monkeypatch.setattr(schedule, "run_scheduled_backup", lambda *_: nights.append(1))
    monkeypatch.setattr(schedule, "is_backed_up_since", lambda *_: False)
    dues = iter([datetime(2026, 1, day, 3, tzinfo=UTC) for day in (1, 1, 1, 2, 2, 2)])
    last = datetime(2026, 1, 3, 3, tzinfo=UTC)
    monkeypatch.setattr(schedule, "last_due", lambda *_: next(dues, last))
    run(BackupSchedule(host, clock(3), RULE), until=lambda: len(nights) == 3)
    time.sleep(0.1)
    assert len(nights) == 3


@pytest.fixture
def in_berlin(monkeypatch):
    monkeypatch.setenv("TZ", BERLIN)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        ("2026-11-25T02:00:01+00:00", "2026-11-25T02:00:00+00:00"),
        ("2026-11-25T01:59:59+00:00", "2026-11-24T02:00:00+00:00"),
        ("2026-07-01T01:00:00+00:00", "2026-07-01T01:00:00+00:00"),
        # This time is skipped when the clock is put forward, and occurs twice when it is put back.
        ("2026-03-29T12:00:00+00:00", "2026-03-29T01:00:00+00:00"),
        ("2026-10-25T12:00:00+00:00", "2026-10-25T02:00:00+00:00"),
    ],
)
def test_the_time_is_that_of_the_machine(in_berlin, moment, due):
    assert last_due(clock(3), datetime.fromisoformat(moment)).astimezone(UTC) == datetime.fromisoformat(due)


def test_a_backup_with_a_time_in_the_future_does_not_count(host, app, context):
    run_scheduled_backup(host, RULE)
    (backup,) = list_backups(host)
    backup.path.rename(backup.path.with_name("backup_2099-01-01_000000"))
    assert not is_backed_up_since(host, datetime(2020, 1, 1, tzinfo=UTC))


def test_a_night_that_meets_another_command_is_tried_again_soon(host, app, context, monkeypatch):
    monkeypatch.setattr(schedule, "SECONDS_BETWEEN_CLOCK_CHECKS", 0.05)
    plan = BackupSchedule(host, clock(0), RULE)
    with changing_backups(host):
        run(plan, until=lambda: plan.last)
        assert "clean-up is running" in plan.problem()
    run(plan, until=lambda: plan.problem() is None)
    assert len(list_backups(host)) == 1


def test_lost_images_do_not_prevent_pruning(host, app, context, monkeypatch):
    pruned = []
    monkeypatch.setattr(schedule, "prune_backups", lambda _, rule: pruned.append(rule))
    next(host.settings.images_dir.glob("[a-z0-9][a-z0-9]/*")).unlink()
    assert run_scheduled_backup(host, RULE).problem
    assert pruned == [RULE]
