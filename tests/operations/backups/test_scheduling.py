"""Every night a backup; a night that fails is told, and the next one tries again."""

import shutil
import threading
import time
from datetime import UTC, datetime, timedelta
from datetime import time as clock

import pytest

from imagehost.extensions import settings, storage
from imagehost.operations.backups import catalogue, checks, making, scheduling, verifying
from imagehost.operations.backups.pruning import Rule
from imagehost.operations.backups.scheduling import Schedule, last_due
from tests.operations.backups.hosts import add_images

RULE = Rule(7, 4, 6)
BERLIN = "Europe/Berlin"


@pytest.fixture
def database_url(migrated_sqlite, tmp_path):
    shutil.copy(migrated_sqlite, tmp_path / "imagehost.db")
    return f"sqlite:///{tmp_path}/imagehost.db"


@pytest.fixture
def context(app):
    with app.app_context():
        add_images(app, 2)
        yield


def test_a_night_makes_verifies_and_prunes(app, context):
    assert scheduling.night(RULE).problem is None
    (backup,) = catalogue.every()
    assert checks.last(backup).problems == []
    assert Schedule(clock(3), RULE).last.backup == backup.name


@pytest.fixture
def marker(context):
    return settings.images_dir / ".imagehost"


def test_a_night_that_fails_is_told_and_the_next_one_is_well(app, context, marker, caplog):
    marker.unlink()
    plan = Schedule(clock(3), RULE)
    plan.last = scheduling.night(RULE)
    assert "is probably not mounted" in plan.problem()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["night failed"]
    # Also after a restart.
    assert "is probably not mounted" in Schedule(clock(3), RULE).problem()
    storage.initialise()
    plan.last = scheduling.night(RULE)
    assert plan.problem() is None


def test_a_backup_made_by_hand_and_found_whole_mends_a_night(app, context, marker):
    marker.unlink()
    plan = Schedule(clock(3), RULE)
    plan.last = scheduling.night(RULE)
    storage.initialise()
    making.create_of_database()
    backup = making.create().backup
    assert plan.problem()
    verifying.verify(backup)
    assert plan.problem() is None


def test_an_image_without_bytes_fails_the_night(app, context):
    lost = next(settings.images_dir.glob("[a-z0-9][a-z0-9]/*"))
    lost.unlink()
    assert f"{lost.name} had no bytes in the storage" in scheduling.night(RULE).problem


def test_a_night_that_fails_prunes_nothing(app, context, marker, monkeypatch):
    monkeypatch.setattr(scheduling.pruning, "prune", lambda _: pytest.fail("pruned"))
    marker.unlink()
    assert scheduling.night(RULE).problem


def test_a_folder_that_cannot_be_written_is_told(app, context):
    settings.backup_dir.touch()
    how = scheduling.night(RULE)
    assert "cannot be written or read" in how.problem
    assert Schedule(clock(3), RULE).last is None


def test_a_backup_that_is_overdue_is_told(app, context, monkeypatch):
    hour = datetime.now(UTC).astimezone() - timedelta(hours=7)
    plan = Schedule(clock(hour.hour, hour.minute), RULE)
    assert "There is no backup since" in plan.problem()
    scheduling.night(RULE)
    assert plan.problem() is None


def run(plan, until):
    """Run a plan in a thread until something holds."""
    from contextvars import copy_context

    stop = threading.Event()
    thread = threading.Thread(target=copy_context().run, args=(plan.run, stop))
    thread.start()
    deadline = time.monotonic() + 20
    try:
        while not until():
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        stop.set()
        thread.join()


def test_what_was_missed_is_made_up_for_at_once_and_once(app, context, monkeypatch):
    monkeypatch.setattr(scheduling, "SECONDS_BETWEEN_LOOKS", 0.05)
    plan = Schedule(clock(0), RULE)
    run(plan, until=lambda: plan.last)
    assert len(catalogue.every()) == 1
    # Once it is there, nothing is due.
    looks = []
    monkeypatch.setattr(scheduling, "done_since", lambda due: looks.append(due) or True)
    run(plan, until=lambda: looks)
    assert len(catalogue.every()) == 1


def test_a_failed_night_is_not_tried_again_before_the_next(app, context, monkeypatch):
    monkeypatch.setattr(scheduling, "SECONDS_BETWEEN_LOOKS", 0.01)
    nights = []
    monkeypatch.setattr(scheduling, "night", lambda _: nights.append(1))
    monkeypatch.setattr(scheduling, "done_since", lambda _: False)
    dues = iter([datetime(2026, 1, day, 3, tzinfo=UTC) for day in (1, 1, 1, 2, 2, 2)])
    last = datetime(2026, 1, 3, 3, tzinfo=UTC)
    monkeypatch.setattr(scheduling, "last_due", lambda _: next(dues, last))
    run(Schedule(clock(3), RULE), until=lambda: len(nights) == 3)
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
        # The clock is put forward over it, and back.
        ("2026-03-29T12:00:00+00:00", "2026-03-29T01:00:00+00:00"),
        ("2026-10-25T12:00:00+00:00", "2026-10-25T02:00:00+00:00"),
    ],
)
def test_the_time_is_that_of_the_machine(in_berlin, moment, due):
    assert last_due(clock(3), datetime.fromisoformat(moment)).astimezone(UTC) == datetime.fromisoformat(due)


def test_a_backup_of_the_future_is_none_of_this_night(app, context):
    scheduling.night(RULE)
    (backup,) = catalogue.every()
    backup.path.rename(backup.path.with_name("backup_2099-01-01_000000"))
    assert not scheduling.done_since(datetime(2020, 1, 1, tzinfo=UTC))


def test_a_night_that_meets_another_command_is_tried_again_soon(app, context, monkeypatch):
    monkeypatch.setattr(scheduling, "SECONDS_BETWEEN_LOOKS", 0.05)
    plan = Schedule(clock(0), RULE)
    with catalogue.writing():
        run(plan, until=lambda: plan.last)
        assert "running already" in plan.problem()
    run(plan, until=lambda: plan.problem() is None)
    assert len(catalogue.every()) == 1


def test_lost_images_keep_no_old_backups_for_ever(app, context, monkeypatch):
    pruned = []
    monkeypatch.setattr(scheduling.pruning, "prune", pruned.append)
    next(settings.images_dir.glob("[a-z0-9][a-z0-9]/*")).unlink()
    assert scheduling.night(RULE).problem
    assert pruned == [RULE]
