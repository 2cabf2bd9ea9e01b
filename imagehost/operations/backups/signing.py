"""Sign manifests, so that a host recognizes the backups that it made itself.

The key is derived from the secret key, so only a host with the same secret key has it. A manifest has the
checksum of ``SHA256SUMS``, or of the dump, so its signature covers every file.
"""

import hmac
import json
from dataclasses import asdict, replace
from enum import Enum

from imagehost.domain.failures import Failure
from imagehost.extensions import settings
from imagehost.operations.backups import manifest
from imagehost.operations.backups.catalogue import Backup
from imagehost.operations.backups.manifest import UNSIGNED_FORMAT, Manifest

LABEL = b"imagehost: signature of a backup's manifest"
"""Makes this key differ from other keys that are derived from the same secret."""


class Origin(Enum):
    """Which host made a backup, as far as its signature shows. The value is for scripts."""

    HERE = "this_host"
    ELSEWHERE = "another_host"
    UNSIGNED = "unsigned"

    @property
    def text(self) -> str:
        """Describe the origin in words."""
        return TEXTS[self]


TEXTS = {
    Origin.HERE: "made by this host",
    Origin.ELSEWHERE: "made by another host, or by this one with another key, or changed since",
    Origin.UNSIGNED: "not signed: made by an imagehost that did not sign backups yet, or changed since",
}


def signed(facts: Manifest) -> Manifest:
    """Sign a manifest."""
    return replace(facts, signature=signature(facts))


def origin(facts: Manifest) -> Origin:
    """Tell who made a backup."""
    if facts.signature is None:
        # A backup of the current format always has a signature when it is made.
        return Origin.UNSIGNED if facts.format == UNSIGNED_FORMAT else Origin.ELSEWHERE
    made_here = hmac.compare_digest(facts.signature, signature(facts))
    return Origin.HERE if made_here else Origin.ELSEWHERE


def made_by(backup: Backup) -> Origin | None:
    """Tell who made a backup; None if its manifest cannot be read."""
    try:
        return origin(manifest.read(backup))
    except Failure:
        return None


def signature(facts: Manifest) -> str:
    """Compute the signature of all facts of a manifest."""
    secret = settings.secret_key.encode(errors="surrogateescape")
    key = hmac.digest(secret, LABEL, "sha256")
    said = json.dumps({**asdict(facts), "signature": None}, sort_keys=True)
    return hmac.digest(key, said.encode(), "sha256").hex()
