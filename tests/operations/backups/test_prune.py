"""Pruning keeps the newest undamaged backup of each of the last days, weeks and months."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from imagehost.operations.backups import catalogue, verifications
from imagehost.operations.backups.catalogue import list_backups, remove_backup
from imagehost.operations.backups.create import create_backup, create_dump
from imagehost.operations.backups.prune import KeepRule, prune_backups
from imagehost.operations.backups.verifications import Verification, keep_verification

LAST = datetime(2026, 11, 25, 3, tzinfo=UTC)
ALL = KeepRule(daily=7, weekly=4, monthly=6)


@pytest.fixture
def backups(host, app):
    """Return an undamaged backup for each of 400 nights, and one more at noon of the last day."""
    with app.app_context():
        real = create_backup(host).backup
        for moment in [*(LAST - timedelta(days=day) for day in range(400)), LAST + timedelta(hours=9)]:
            path = host.settings.backup_dir / moment.strftime(catalogue.BACKUP_NAME_FORMAT)
            path.mkdir()
            (path / "manifest.json").write_bytes((real.path / "manifest.json").read_bytes())
        remove_backup(real.path)
        yield list_backups(host)


def kept(host, rule):
    prune_backups(host, rule)
    return [backup.name.removeprefix("backup_")[:10] for backup in list_backups(host)]


def test_days_weeks_and_months_keep_one_each(host, backups):
    assert kept(host, ALL) == [
        *("2026-06-30", "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-31"),
        *("2026-11-08", "2026-11-15"),
        *(f"2026-11-{day}" for day in (19, 20, 21, 22, 23, 24, 25)),
    ]


def test_the_newest_backup_of_a_day_is_kept(host, backups):
    prune_backups(host, ALL)
    assert list_backups(host)[-1].name == "backup_2026-11-25_120000"


def test_all_of_the_last_hours_stay(host, backups):
    assert kept(host, KeepRule(0, 0, 0, hours=24)) == ["2026-11-25", "2026-11-25"]


def test_a_second_run_removes_nothing(host, backups):
    prune_backups(host, ALL)
    assert prune_backups(host, ALL) == []


def test_the_newest_backup_is_always_kept(host, backups):
    assert kept(host, KeepRule(0, 0, 0)) == ["2026-11-25"]


def test_a_dry_run_removes_nothing(host, backups):
    assert len(prune_backups(host, ALL, dry_run=True)) == 401 - 14
    assert len(list_backups(host)) == 401


def test_a_damaged_backup_does_not_count_as_kept(host, backups):
    for backup in backups[-3:]:
        keep_verification(
            host, backup, Verification("2026-11-25T12:00:00Z", ["images/aa/a.jpg is missing"], [])
        )
    # The newest backup, and the newest undamaged one.
    assert kept(host, KeepRule(1, 0, 0)) == ["2026-11-23", "2026-11-25"]


def test_lone_dumps_are_kept_by_themselves(host, backups):
    made = create_dump(host).backup
    assert kept(host, KeepRule(1, 0, 0)) == ["2026-11-25", made.name.removeprefix("backup_")[:10]]


def test_other_files_are_kept(host, backups):
    strange = host.settings.backup_dir / "backup_of_my_thesis"
    strange.mkdir()
    prune_backups(host, KeepRule(0, 0, 0))
    assert strange.exists()


def test_the_result_of_a_verification_is_removed_with_its_backup(host, backups):
    for backup in (backups[0], backups[-1]):
        keep_verification(host, backup, Verification("2026-11-25T12:00:00Z"))
    prune_backups(host, ALL)
    assert [
        path.name for path in (host.settings.backup_dir / verifications.VERIFICATIONS_FOLDER).iterdir()
    ] == [f"{backups[-1].name}.json"]


def test_an_image_that_was_lost_before_makes_no_backup_worth_less(host, backups):
    lost = "abcdefghijklmnop.jpg"
    for backup in backups[-8:]:
        facts = json.loads((backup.path / "manifest.json").read_text())
        (backup.path / "manifest.json").write_text(json.dumps({**facts, "missing": [lost]}))
        problem = f"images/ab/{lost} had no bytes in the storage"
        keep_verification(host, backup, Verification("2026-11-25T12:00:00Z", [problem], []))
    assert kept(host, KeepRule(7, 0, 0)) == [f"2026-11-{day}" for day in (19, 20, 21, 22, 23, 24, 25)]


def test_if_all_backups_of_a_day_are_damaged_the_newest_is_kept(host, backups):
    for backup in backups[-5:]:
        keep_verification(
            host, backup, Verification("2026-11-25T12:00:00Z", ["images/aa/a.jpg is missing"], [])
        )
    assert kept(host, KeepRule(7, 0, 0)) == [f"2026-11-{day}" for day in (19, 20, 21, 22, 23, 24, 25)]


def test_the_newest_verified_backup_is_always_kept(host, backups):
    keep_verification(host, backups[5], Verification("2026-11-25T12:00:00Z"))
    assert len(kept(host, KeepRule(0, 0, 0))) == 2
    assert list_backups(host)[0] == backups[5]
