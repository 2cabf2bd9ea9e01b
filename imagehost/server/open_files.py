"""The limit of open files: each connection counts as one."""

import resource

MOST_OPEN_FILES = 4096
OTHER_OPEN_FILES = 256
"""Open files that are not connections: pictures, databases, logs."""


def connections_at_most() -> int:
    """Raise this process's limit of open files, to ``MOST_OPEN_FILES`` at most.

    Returns:
        The number of these files that can be connections.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_OPEN_FILES
    if soft < MOST_OPEN_FILES:
        soft = MOST_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_OPEN_FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(OTHER_OPEN_FILES, soft - OTHER_OPEN_FILES)
