"""The limit of open files: each connection counts as one."""

import resource

MOST = 4096
OTHERS = 256
"""Open files that are not connections: pictures, databases, logs."""


def connections_at_most() -> int:
    """Raise this process's limit of open files, up to ``MOST``; return how many can be connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST
    if soft < MOST:
        soft = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(OTHERS, soft - OTHERS)
