"""The storage of images and renditions: the protocol that every backend implements."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from imagehost.storage.inventory import StoredFacts, StoredItem
from imagehost.storage.spool import Incoming


class Storage(Protocol):
    """Images and their renditions, by filename.

    Every method raises StorageFull if there is no space, and Unavailable if the storage does not answer.
    """

    def is_ready(self) -> bool:
        """Tell whether the marker exists. Without it the volume is not mounted, and nothing may run."""

    def initialise(self) -> None:
        """Create the marker in a new storage."""

    def close_to_others(self) -> None:
        """Let only the host's own user and group read the storage. This is quick if it was done before."""

    def receive(self, *, unlimited: bool = False) -> Incoming:
        """Open a temporary file in the storage. It has no size limit if ``unlimited``, e.g. in a restore."""

    def publish(self, incoming: Incoming, filename: str) -> None:
        """Publish flushed bytes under their name, atomically and durably. Raises FileExistsError."""

    def open(self, filename: str) -> BinaryIO:
        """Open an image. Raises NotFound."""

    def open_retained(self, filename: str) -> BinaryIO:
        """Open an image, also if it was deleted after maintenance began. Raises NotFound."""

    def maintaining(self, *, retaining: bool = True) -> AbstractContextManager[None]:
        """Hold the storage for a backup, a restore or a clean-up. Raises Busy if another one holds it.

        An image that is deleted meanwhile disappears at once for all others, but ``open_retained`` can still
        open it until the end. So every row that is read after the beginning has its bytes. With
        ``retaining=False``, deleted images are not retained: on a full disk that may be impossible.
        """

    def inspecting(self) -> AbstractContextManager[None]:
        """Exclude backups, restores and clean-ups during a check that only reads. Raises Busy if one runs."""

    def inventory(self) -> Iterator[list[StoredItem]]:
        """Yield all items in the storage, without opening them. Items of one image are in the same list."""

    def look(self, item: StoredItem) -> StoredFacts | None:
        """Return the facts about an item of the inventory, or None if it is gone."""

    def look_at(self, filename: str) -> StoredFacts | None:
        """Return the facts about an image's file, or None if there is none."""

    def remove(self, item: StoredItem) -> None:
        """Remove an item of the inventory permanently. It is no error if it is gone."""

    def exists(self, filename: str) -> bool:
        """Tell whether there is an image file of this name."""

    def delete(self, filename: str) -> None:
        """Remove an image's file, then its renditions of all versions. It is no error if they are gone."""

    def open_rendition(self, name: str) -> BinaryIO:
        """Open a rendition. Raises NotFound if it was not made yet."""

    def publish_rendition(self, name: str, content: bytes) -> None:
        """Store a rendition. An older one is replaced."""

    def delete_rendition(self, name: str) -> None:
        """Remove a rendition. It is no error if it is gone."""
