"""Which revisions of the tables this version knows."""

from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from imagehost.domain.failures import Failure
from imagehost.settings.reader import ROOT


def is_known(revision: str) -> bool:
    """Tell whether tables are of this version, or of an older one."""
    try:
        found = ScriptDirectory(str(ROOT / "migrations")).get_revision(revision)
    except CommandError:
        return False
    # Alembic also finds a revision by a part of its name, and by words such as "head".
    return found is not None and found.revision == revision


def check_known(revision: str) -> None:
    """Refuse tables of a version that is newer than this one. Raises Failure."""
    if not is_known(revision):
        raise Failure(
            f"The backup was made by a newer imagehost (its tables are at {revision}). Restore it with that."
        )
