"""Which revisions of the tables this version knows."""

from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from imagehost.environment import ROOT
from imagehost.failures import Failure


def check_known(revision: str) -> None:
    """Refuse tables of a version that is newer than this one. Raises Failure."""
    try:
        ScriptDirectory(str(ROOT / "migrations")).get_revision(revision)
    except CommandError as error:
        raise Failure(
            f"The backup was made by a newer imagehost (its tables are at {revision}). Restore it with that."
        ) from error
