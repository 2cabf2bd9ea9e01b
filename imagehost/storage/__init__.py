"""Where bytes live: the contract that every backend keeps."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from imagehost.storage.inventory import Item, Look
from imagehost.storage.spool import Incoming


class Storage(Protocol):
    """Images and their renditions, by filename.

    Every method raises StorageFull where there is no room, and Unavailable where the storage does not answer.
    """

    def is_ready(self) -> bool:
        """Tell whether the marker is there: where it is missing, so is the volume, and nothing may run."""

    def initialise(self) -> None:
        """Set the marker on a new storage."""

    def close_to_others(self) -> None:
        """Let only the host's own user and group read the storage. Quick if that was done before."""

    def receive(self, *, unlimited: bool = False) -> Incoming:
        """Open a temporary file on the storage's own file system; unlimited for what was let in before."""

    def publish(self, incoming: Incoming, filename: str) -> None:
        """Give flushed bytes their public name, atomically and durably; FileExistsError where it is taken."""

    def open(self, filename: str) -> BinaryIO:
        """Open an image; NotFound where there is none."""

    def open_retained(self, filename: str) -> BinaryIO:
        """Open an image, also one that was deleted since maintenance began; NotFound where there is none."""

    def maintaining(self, *, retaining: bool = True) -> AbstractContextManager[None]:
        """Hold the storage for a backup, a restore or a clean-up; Busy where another one does.

        What is deleted meanwhile is gone for everybody else at once, and stays readable by ``open_retained``
        until the end: read the rows after this began, and each has its bytes. Who does not need that says so;
        on a full disk it may not be possible.
        """

    def inspecting(self) -> AbstractContextManager[None]:
        """Keep backups, restores and clean-ups away while one only looks; Busy where one runs."""

    def inventory(self) -> Iterator[list[Item]]:
        """Go through all that is there, without opening it; what belongs to one image comes together."""

    def look(self, item: Item) -> Look | None:
        """Look at an item of the inventory; None where it is gone."""

    def look_at(self, filename: str) -> Look | None:
        """Look at an image's bytes; None where there are none."""

    def remove(self, item: Item) -> None:
        """Remove an item of the inventory, for good; it is no error if it is gone."""

    def exists(self, filename: str) -> bool:
        """Tell whether there are bytes of that name."""

    def delete(self, filename: str) -> None:
        """Remove an image's bytes, then its renditions of every version; it is no error if they are gone."""

    def open_rendition(self, name: str) -> BinaryIO:
        """Open a rendition; NotFound where it was not made yet."""

    def publish_rendition(self, name: str, content: bytes) -> None:
        """Keep a rendition, in place of an older one."""

    def delete_rendition(self, name: str) -> None:
        """Remove a rendition; it is no error if it is gone."""
