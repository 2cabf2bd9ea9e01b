"""Check that the database and the storage answer."""

import sqlalchemy as sa

from imagehost.db.models import Image
from imagehost.domain.errors import ImageHostError
from imagehost.host import Host
from imagehost.services import images


def failing_parts(host: Host) -> list[str]:
    """Return the names of the parts that do not answer: ``database``, ``storage``, both or none."""
    failing = []
    try:
        with host.database.reading() as session:
            session.execute(sa.select(Image.id).limit(1))
    except ImageHostError:
        failing.append("database")
    try:
        # A new storage is set up only if the database answers and confirms that it is new.
        if not failing or host.storage.is_ready():
            with images.receive_upload(host) as probe:
                probe.put_on_disk()
    except ImageHostError:
        failing.append("storage")
    return failing
