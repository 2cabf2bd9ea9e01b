"""Whether the parts that we lean on answer."""

import sqlalchemy as sa

from imagehost.db.models import Image
from imagehost.domain.errors import ImageHostError
from imagehost.extensions import db, storage
from imagehost.services import images


def failing_parts() -> list[str]:
    """Name the parts that do not answer: ``database``, ``storage``, both or none."""
    failing = []
    try:
        db.session.execute(sa.select(Image.id).limit(1))
    except ImageHostError:
        db.session.rollback()
        failing.append("database")
    try:
        # A new storage is set up only where the database says that it is new.
        if not failing or storage.is_ready():
            with images.receive() as probe:
                probe.put_on_disk()
    except ImageHostError:
        failing.append("storage")
    return failing
