"""If two restores run at once, the second one is refused, and nothing is lost."""

import pytest

from imagehost.domain.failures import Busy
from imagehost.domain.policy import ANYBODY
from imagehost.host import Host
from imagehost.operations import cleanup
from imagehost.operations.backups import restore
from imagehost.operations.backups.create import create_backup
from imagehost.operations.backups.restore import restore_backup
from imagehost.services import images
from imagehost.storage import maintenance
from tests.conftest import ON_BOTH_DATABASES, ON_SQLITE, stored_files
from tests.operations.backups.hosts import add_images, everything
from tests.system import truth
from tests.system.commands import run

pytestmark = ON_BOTH_DATABASES

STEPS = pytest.mark.parametrize(
    ("module", "step"),
    [(restore, "make_backup"), (restore, "restore_images")],
    ids=["before the first byte", "half-way"],
)


@pytest.fixture
def backup(host, app):
    """Make a backup of four images, then delete one of them and upload another one."""
    add_images(app, 4)
    with app.app_context():
        backup = create_backup(host).backup
        images.delete_image(host, ANYBODY, 1)
        add_images(app, 1, first=4)
        yield backup


@pytest.fixture
def meanwhile(monkeypatch):
    """Return a function that makes a test's action run once, right before a step of the restore."""

    def arrange(module, step, act):
        real = getattr(module, step)

        def run_both(*given, **options):
            monkeypatch.setattr(module, step, real)
            act()
            return real(*given, **options)

        monkeypatch.setattr(module, step, run_both)

    return arrange


@STEPS
def test_other_maintenance_commands_are_refused(
    host, app, backup, database_url, monkeypatch, meanwhile, module, step
):
    monkeypatch.setattr(maintenance, "SECONDS_TO_WAIT_FOR_LOCK", 0.1)
    refused = []

    def try_others() -> None:
        for act in (
            lambda: restore_backup(host, backup, replace=True),
            lambda: create_backup(host),
            lambda: cleanup_now(host),
        ):
            with pytest.raises(Busy, match="clean-up is running"):
                act()
            refused.append(act)

    meanwhile(module, step, try_others)
    done = restore_backup(host, backup, replace=True)
    assert len(refused) == 3
    assert (done.added, done.removed) == (1, 1)
    assert_holds(host, app, database_url, [1, 2, 3, 4])
    # The safety backup has the state before the restore, and can be restored.
    restore_backup(host, done.safety.backup, replace=True)
    assert_holds(host, app, database_url, [2, 3, 4, 5])


@ON_SQLITE
def test_the_second_command_prints_one_line(host, app, backup, database_url, meanwhile):
    ended = []
    own = {"INSTANCE_DIR": host.settings.instance_dir, "DATABASE_URL": database_url}
    command = ("backup", "restore", backup.name, "--yes")
    meanwhile(restore, "restore_images", lambda: ended.append(run(own, *command)))
    restore_backup(host, backup, replace=True)
    (other,) = ended
    assert (other.returncode, other.stdout, other.stderr) == (1, "", f"imagehost: {Busy()}\n")
    assert_holds(host, app, database_url, [1, 2, 3, 4])


def cleanup_now(host) -> None:
    cleanup.clean_up(host, cleanup.CleanupOptions(grace=0, drop_missing=True, force=True))


def assert_holds(host: Host, app, database_url: str, ids: list[int]) -> None:
    """Assert that the host has rows, counts and bytes of exactly these images."""
    rows, days, files = everything(host)
    assert [row[0] for row in rows] == ids
    assert sum(number for _, number in days) == len(files) == len(stored_files(app)) == len(ids)
    truth.assert_exact(database_url, host.settings.images_dir)
