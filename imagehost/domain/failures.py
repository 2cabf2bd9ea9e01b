"""Errors of commands and scheduled work, with a text for the administrator, on a terminal or in the log.

Unlike ``errors``, they are not sent to clients, and their text is always in English.
"""


class Failure(Exception):
    """A command failed. The message gives the reason, and what to do about it."""


class Busy(Failure):
    """Another command holds the storage."""

    def __init__(self) -> None:
        super().__init__("Another backup, restore or clean-up is running. Wait until it has finished.")


class Broken(Failure):
    """A dump of a backup cannot be restored."""


class Undone(Failure):
    """A transaction was refused, so it has certainly changed nothing."""
