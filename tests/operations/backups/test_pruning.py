"""Pruning keeps the newest sound backup of each of the last days, weeks and months."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from imagehost.extensions import settings
from imagehost.operations.backups import catalogue, checks, making, pruning
from imagehost.operations.backups.checks import Check
from imagehost.operations.backups.pruning import Rule
from tests.conftest import ON_SQLITE

pytestmark = ON_SQLITE
LAST = datetime(2026, 11, 25, 3, tzinfo=UTC)
ALL = Rule(daily=7, weekly=4, monthly=6)


@pytest.fixture
def backups(app):
    """A sound backup for each of 400 nights, and for the last day one more at noon."""
    with app.app_context():
        real = making.create().backup
        for moment in [*(LAST - timedelta(days=day) for day in range(400)), LAST + timedelta(hours=9)]:
            path = settings.backup_dir / moment.strftime(catalogue.FORM)
            path.mkdir()
            (path / "manifest.json").write_bytes((real.path / "manifest.json").read_bytes())
        catalogue.remove(real.path)
        yield catalogue.every()


def kept(rule):
    pruning.prune(rule)
    return [backup.name.removeprefix("backup_")[:10] for backup in catalogue.every()]


def test_days_weeks_and_months_keep_one_each(backups):
    assert kept(ALL) == [
        *("2026-06-30", "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-31"),
        *("2026-11-08", "2026-11-15"),
        *(f"2026-11-{day}" for day in (19, 20, 21, 22, 23, 24, 25)),
    ]


def test_of_a_day_the_newest_stays(backups):
    pruning.prune(ALL)
    assert catalogue.every()[-1].name == "backup_2026-11-25_120000"


def test_all_of_the_last_hours_stay(backups):
    assert kept(Rule(0, 0, 0, hours=24)) == ["2026-11-25", "2026-11-25"]


def test_the_second_time_nothing_goes(backups):
    pruning.prune(ALL)
    assert pruning.prune(ALL) == []


def test_the_newest_stays_whatever_is_asked(backups):
    assert kept(Rule(0, 0, 0)) == ["2026-11-25"]


def test_a_dry_run_removes_nothing(backups):
    assert len(pruning.prune(ALL, dry_run=True)) == 401 - 14
    assert len(catalogue.every()) == 401


def test_a_damaged_one_takes_no_sound_ones_place(backups):
    for backup in backups[-3:]:
        checks.keep(backup, Check("2026-11-25T12:00:00Z", ["images/aa/a.jpg is missing"], []))
    # The newest at all, and the newest that restores.
    assert kept(Rule(1, 0, 0)) == ["2026-11-23", "2026-11-25"]


def test_lone_dumps_are_kept_by_themselves(backups):
    made = making.create_of_database().backup
    assert kept(Rule(1, 0, 0)) == ["2026-11-25", made.name.removeprefix("backup_")[:10]]


def test_what_is_no_backup_stays(backups):
    strange = settings.backup_dir / "backup_of_my_thesis"
    strange.mkdir()
    pruning.prune(Rule(0, 0, 0))
    assert strange.exists()


def test_what_a_check_said_goes_with_its_backup(backups):
    for backup in (backups[0], backups[-1]):
        checks.keep(backup, Check("2026-11-25T12:00:00Z"))
    pruning.prune(ALL)
    assert [path.name for path in (settings.backup_dir / checks.FOLDER).iterdir()] == [
        f"{backups[-1].name}.json"
    ]


def test_an_image_that_was_lost_before_makes_no_backup_worth_less(backups):
    lost = "abcdefghijklmnop.jpg"
    for backup in backups[-8:]:
        facts = json.loads((backup.path / "manifest.json").read_text())
        (backup.path / "manifest.json").write_text(json.dumps({**facts, "missing": [lost]}))
        problem = f"images/ab/{lost} had no bytes in the storage"
        checks.keep(backup, Check("2026-11-25T12:00:00Z", [problem], []))
    assert kept(Rule(7, 0, 0)) == [f"2026-11-{day}" for day in (19, 20, 21, 22, 23, 24, 25)]


def test_where_none_of_a_day_is_sound_its_newest_stands_in(backups):
    for backup in backups[-5:]:
        checks.keep(backup, Check("2026-11-25T12:00:00Z", ["images/aa/a.jpg is missing"], []))
    assert kept(Rule(7, 0, 0)) == [f"2026-11-{day}" for day in (19, 20, 21, 22, 23, 24, 25)]


def test_the_newest_that_was_verified_stays_whatever_is_asked(backups):
    checks.keep(backups[5], Check("2026-11-25T12:00:00Z"))
    assert len(kept(Rule(0, 0, 0))) == 2
    assert catalogue.every()[0] == backups[5]
