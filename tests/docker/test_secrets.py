"""The secrets that the containers share are created once, and are random unless they are set."""

import re
import subprocess
from pathlib import Path

from imagehost.settings.reader import ROOT


def make_secrets(folder: Path, given: str) -> dict[str, str]:
    (folder / "given").write_text(given)
    secrets = folder / "secrets"
    secrets.mkdir(exist_ok=True)
    subprocess.run(["sh", ROOT / "docker" / "secrets.sh", folder / "given", secrets], check=True)
    return {path.name: path.read_text() for path in secrets.iterdir()}


def test_secrets_are_random_by_default(tmp_path):
    made = make_secrets(tmp_path, "db_password=\nsecret_key=\n")
    assert set(made) == {"db_password", "secret_key"}
    assert all(re.fullmatch("[0-9a-f]{64}", secret) for secret in made.values())
    assert made["db_password"] != made["secret_key"]


def test_secrets_are_for_their_owner_and_group_to_read(tmp_path):
    make_secrets(tmp_path, "db_password=\n")
    assert (tmp_path / "secrets" / "db_password").stat().st_mode & 0o777 == 0o440


def test_given_secrets_are_kept_as_they_are(tmp_path):
    given = r" p=a's$\word== "
    assert make_secrets(tmp_path, f"db_password={given}\n") == {"db_password": given}


def test_secrets_are_made_once(tmp_path):
    made = make_secrets(tmp_path, "db_password=\n")
    assert make_secrets(tmp_path, "db_password=another\n") == made


def test_an_incomplete_secret_is_replaced(tmp_path):
    (tmp_path / "secrets").mkdir()
    for name in ("db_password", "db_password.draft"):
        (tmp_path / "secrets" / name).touch(0o440)
    assert make_secrets(tmp_path, "db_password=given\n") == {"db_password": "given"}
