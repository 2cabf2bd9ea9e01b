"""Check whether this version knows a revision of the tables."""

from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from imagehost.domain.failures import Failure
from imagehost.settings.reader import ROOT


def is_known(revision: str) -> bool:
    """Tell whether a revision of the tables belongs to this version or an older one."""
    try:
        found = ScriptDirectory(str(ROOT / "migrations")).get_revision(revision)
    except CommandError:
        return False
    # Alembic also finds a revision by a part of its name, and by words such as "head".
    return found is not None and found.revision == revision


def check_known(revision: str) -> None:
    """Raise Failure if a revision belongs to a newer version."""
    if not is_known(revision):
        raise Failure(
            f"The backup was made by a newer version of imagehost (its tables have the revision {revision}). "
            "Restore it with that version."
        )
