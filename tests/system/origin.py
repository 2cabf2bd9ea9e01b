"""A git repository of the project with two versions. The second one has other tables."""

import shutil
import subprocess
from pathlib import Path

from imagehost.settings.reader import ROOT

PROJECT = (
    *("Makefile", "babel.cfg", "requirements.txt", "wsgi.py", ".gitignore", ".env.sample"),
    *("imagehost", "migrations", "nginx", "static", "templates"),
)
"""The files of the project that a host needs."""
BUILT = shutil.ignore_patterns("__pycache__", "*.gz", "*.br", "*.mo")
MIGRATION = '''"""What a later version may bring."""

import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{head}"


def upgrade() -> None:
    op.add_column("images", sa.Column("title", sa.Text()))
    op.create_table("albums", sa.Column("id", sa.Integer, primary_key=True))
'''


def make(folder: Path, head: str) -> None:
    """Make the repository. ``head`` is the present revision of the tables."""
    folder.mkdir()
    for name in PROJECT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=BUILT)
        else:
            shutil.copy2(ROOT / name, folder / name)
    (folder / "instance").mkdir()
    (folder / "instance" / ".gitkeep").touch()
    git(folder, "init", "--quiet")
    commit(folder, "v0.1.0")
    (folder / "migrations" / "versions" / "next.py").write_text(MIGRATION.format(head=head))
    commit(folder, "v0.2.0")


def commit(folder: Path, version: str) -> None:
    who = ("-c", "user.name=Tests", "-c", "user.email=tests@localhost", "-c", "commit.gpgsign=false")
    git(folder, "add", "--all")
    git(folder, *who, "commit", "--quiet", "--no-verify", "--message", version)
    git(folder, "tag", version)


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, timeout=60)
