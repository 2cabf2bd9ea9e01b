"""A host recognizes its own backups. It replaces its images by another host's backup only when asked to."""

import hashlib
import hmac
import json
from dataclasses import asdict

import pytest

from imagehost.domain.failures import Failure
from imagehost.extensions import storage
from imagehost.operations.backups import catalogue, making, manifest, restoring, signing, verifying
from imagehost.operations.backups.signing import Origin
from tests.conftest import ON_SQLITE
from tests.operations.backups import hostile
from tests.operations.backups.hosts import add_images, everything, lose_everything
from tests.operations.backups.test_verifying import an_image


@pytest.fixture
def backup(app):
    with app.app_context():
        add_images(app, 3)
        yield making.create().backup


def test_a_host_knows_its_own(app, backup):
    lone = making.create_of_database().backup
    assert [signing.made_by(one) for one in (backup, lone)] == [Origin.HERE, Origin.HERE]
    assert verifying.verify(lone) == []


def test_another_key_is_another_host(backup, make_app):
    with make_app(SECRET_KEY="another").app_context():
        assert signing.made_by(backup) is Origin.ELSEWHERE
        assert verifying.verify(backup) == []


def test_one_that_was_changed_and_hashed_anew_is_not_known(app, backup):
    file = an_image(backup)
    file.write_bytes(file.read_bytes() + b"more")
    hostile.reseal(backup)
    assert signing.made_by(backup) is Origin.ELSEWHERE


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
def test_the_signature_covers_everything(backup, name):
    hostile.reseal_manifest(backup, lambda told: told.update({name: CHANGES[name]}))
    assert signing.made_by(backup) is Origin.ELSEWHERE


def test_every_value_is_among_those_changes():
    assert set(CHANGES) == set(manifest.Manifest.__dataclass_fields__)


@ON_SQLITE
def test_one_that_cannot_be_read_is_nobodys(backup):
    (backup.path / "manifest.json").write_text("{}")
    assert signing.made_by(backup) is None


@ON_SQLITE
def test_the_key_is_not_the_secret_itself(app, backup):
    facts = manifest.read(backup)
    said = json.dumps({**asdict(facts), "signature": None}, sort_keys=True).encode()
    plain = hmac.new(app.config["SECRET_KEY"].encode(), said, hashlib.sha256).hexdigest()
    assert facts.signature != plain
    assert app.config["SECRET_KEY"] not in (backup.path / "manifest.json").read_text()


@pytest.mark.parametrize("make", [hostile.unsign, hostile.reseal], ids=["unsigned", "foreign"])
def test_one_of_another_host_replaces_no_images_unless_told(app, backup, make):
    there = everything(app)
    make(backup) if make is hostile.unsign else make(backup, copied=7)
    add_images(app, 1, first=8)
    between = everything(app)
    with pytest.raises(Failure, match="say --yes --foreign"):
        restoring.restore(backup)
    with pytest.raises(Failure, match=r"This host has 4 images, and the backup is .*say --yes --foreign"):
        restoring.restore(backup, replace=True)
    assert everything(app) == between
    assert len(catalogue.every()) == 1
    restoring.restore(backup, replace=True, foreign=True)
    assert everything(app) == there


@pytest.mark.parametrize("make", [hostile.unsign, hostile.reseal], ids=["unsigned", "foreign"])
def test_a_new_machine_restores_without_ceremony(app, backup, make_app, make):
    there = everything(app)
    make(backup)
    lose_everything(app)
    with make_app(SECRET_KEY="of the new machine").app_context():
        restoring.restore(backup)
    assert everything(app) == there


def test_files_of_an_unsigned_one_are_shared_after_they_were_read(app, backup):
    """Anybody may have put the backup beside ours: files of the right size are not enough."""
    hostile.unsign(backup)
    file = an_image(backup)
    file.write_bytes(bytes(file.stat().st_size))
    made = making.create()
    assert (made.manifest.copied, made.manifest.linked) == (1, 2)
    assert verifying.verify(made.backup) == []
    assert signing.made_by(made.backup) is Origin.HERE
    assert storage.is_ready()
