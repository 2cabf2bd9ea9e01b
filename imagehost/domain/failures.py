"""What goes wrong while somebody runs the host, in the words of who reads it: on a terminal, in the log.

Unlike ``errors`` it is no answer to a client, and always in English.
"""


class Failure(Exception):
    """A command cannot be done: its message says why, and what to do about it."""


class Busy(Failure):
    """Another command holds the storage."""

    def __init__(self) -> None:
        super().__init__("A backup, a restore or a clean-up is running already. Wait until it has ended.")


class Broken(Failure):
    """A dump of a backup cannot be restored."""


class Undone(Failure):
    """A transaction was refused, and so has certainly changed nothing."""
