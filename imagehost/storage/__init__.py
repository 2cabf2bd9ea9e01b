"""Where bytes live: the contract that every backend keeps."""

from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from imagehost.storage.incoming import Incoming


class Storage(Protocol):
    """Images and their renditions, by filename.

    Every method raises StorageFull where there is no room, and Unavailable where the storage does not answer.
    """

    def is_ready(self) -> bool:
        """Tell whether the marker is there: where it is missing, so is the volume, and nothing may run."""

    def initialise(self) -> None:
        """Set the marker on a new storage."""

    def receive(self) -> Incoming:
        """Open a temporary file on the storage's own file system."""

    def publish(self, incoming: Incoming, filename: str) -> None:
        """Give flushed bytes their public name, atomically and durably; FileExistsError where it is taken."""

    def open(self, filename: str) -> BinaryIO:
        """Open an image; NotFound where there is none."""

    def open_retained(self, filename: str) -> BinaryIO:
        """Open an image, also one that was deleted since maintenance began; NotFound where there is none."""

    def maintaining(self) -> AbstractContextManager[None]:
        """Hold the storage for a backup, a restore or a clean-up; Busy where another one does.

        What is deleted meanwhile is gone for everybody else at once, and stays readable by ``open_retained``
        until the end. Read the rows after this began, and each has its bytes.
        """

    def exists(self, filename: str) -> bool:
        """Tell whether there are bytes of that name."""

    def delete(self, filename: str) -> None:
        """Remove an image's bytes, then its renditions; it is no error if they are gone."""

    def open_rendition(self, name: str) -> BinaryIO:
        """Open a rendition; NotFound where it was not made yet."""

    def publish_rendition(self, name: str, content: bytes) -> None:
        """Keep a rendition, in place of an older one."""

    def delete_rendition(self, name: str) -> None:
        """Remove a rendition; it is no error if it is gone."""

    def rendering(self, filename: str) -> AbstractContextManager[None]:
        """Hold one of the few places for rendering; the same image has always the same place."""
