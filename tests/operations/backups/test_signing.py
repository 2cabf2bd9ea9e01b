"""A host recognizes its own backups. Another host's backup replaces its images only with an option."""

import hashlib
import hmac
import json
from dataclasses import asdict

import pytest

from imagehost.domain.failures import Failure
from imagehost.operations.backups.catalogue import list_backups
from imagehost.operations.backups.create import create_backup, create_dump
from imagehost.operations.backups.manifest import Manifest, Origin, origin_of, read_manifest
from imagehost.operations.backups.restore import restore_backup
from imagehost.operations.backups.verify import verify_backup
from tests.applications import host_of
from tests.conftest import ON_BOTH_DATABASES, ON_SQLITE
from tests.operations.backups import hostile
from tests.operations.backups.hosts import add_images, everything, lose_everything, told
from tests.operations.backups.test_verify import an_image

pytestmark = ON_BOTH_DATABASES


@pytest.fixture
def backup(host, app):
    with app.app_context():
        add_images(app, 3)
        yield create_backup(host).backup


def test_a_host_knows_its_own(host, app, backup):
    lone = create_dump(host).backup
    assert [origin_of(host, read_manifest(one)) for one in (backup, lone)] == [Origin.HERE, Origin.HERE]
    assert verify_backup(host, lone) == []


def test_another_key_is_another_host(backup, make_app):
    other = host_of(make_app(SECRET_KEY="another"))
    assert origin_of(other, read_manifest(backup)) is Origin.ELSEWHERE
    assert verify_backup(other, backup) == []


def test_a_backup_that_was_changed_and_hashed_again_is_not_recognized(host, app, backup):
    file = an_image(backup)
    file.write_bytes(file.read_bytes() + b"more")
    hostile.reseal(backup)
    assert origin_of(host, read_manifest(backup)) is Origin.ELSEWHERE


CHANGES = {
    "made_at": "2020-01-01T00:00:00Z",
    "revision": "0001",
    "counts": {"images": 3},
    "bytes": 1,
    "sha256": "0" * 64,
    "copied": 9,
    "linked": 9,
    "database": "postgresql",
    "missing": ["abc.jpg"],
    "damaged": ["abc.jpg"],
    "versions": {},
    "format": 1,
    "signature": None,
}


@ON_SQLITE
@pytest.mark.parametrize("name", CHANGES)
def test_the_signature_covers_everything(host, backup, name):
    hostile.reseal_manifest(backup, lambda told: told.update({name: CHANGES[name]}))
    assert origin_of(host, read_manifest(backup)) is Origin.ELSEWHERE


def test_every_value_is_among_those_changes():
    assert set(CHANGES) == set(Manifest.__dataclass_fields__)


@ON_SQLITE
def test_an_unreadable_manifest_has_no_origin(runner, backup):
    (backup.path / "manifest.json").write_text("{}")
    result = told(runner.invoke(args=["backup", "verify", "--json", backup.name]))
    assert result["origins"] == {backup.name: None}


@ON_SQLITE
def test_the_key_is_not_the_secret_itself(host, backup):
    facts = read_manifest(backup)
    said = json.dumps({**asdict(facts), "signature": None}, sort_keys=True).encode()
    plain = hmac.new(host.settings.secret_key.encode(), said, hashlib.sha256).hexdigest()
    assert facts.signature != plain
    assert host.settings.secret_key not in (backup.path / "manifest.json").read_text()


@pytest.mark.parametrize("make", [hostile.unsign, hostile.reseal], ids=["unsigned", "foreign"])
def test_a_backup_of_another_host_replaces_no_images_without_the_option(host, app, backup, make):
    there = everything(host)
    make(backup) if make is hostile.unsign else make(backup, copied=7)
    add_images(app, 1, first=8)
    between = everything(host)
    with pytest.raises(Failure, match="add --yes --foreign"):
        restore_backup(host, backup)
    with pytest.raises(Failure, match=r"This host has 4 images, and the backup is .*add --yes --foreign"):
        restore_backup(host, backup, replace=True)
    assert everything(host) == between
    assert len(list_backups(host)) == 1
    restore_backup(host, backup, replace=True, foreign=True)
    assert everything(host) == there


@pytest.mark.parametrize("make", [hostile.unsign, hostile.reseal], ids=["unsigned", "foreign"])
def test_a_new_machine_restores_without_options(host, app, backup, make_app, make):
    there = everything(host)
    make(backup)
    lose_everything(host)
    restore_backup(host_of(make_app(SECRET_KEY="of the new machine")), backup)
    assert everything(host) == there


def test_files_of_an_unsigned_one_are_shared_after_they_were_read(host, app, backup):
    """Anybody may have put the backup there, so files of the right size are not enough."""
    hostile.unsign(backup)
    file = an_image(backup)
    file.write_bytes(bytes(file.stat().st_size))
    made = create_backup(host)
    assert (made.manifest.copied, made.manifest.linked) == (1, 2)
    assert verify_backup(host, made.backup) == []
    assert origin_of(host, read_manifest(made.backup)) is Origin.HERE
    assert host.storage.is_ready()
