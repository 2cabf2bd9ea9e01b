"""Open files: each connection is one."""

import resource

MOST = 4096
OTHERS = 256
"""For all that is no connection: pictures, databases, logs."""


def connections_at_most() -> int:
    """Let this process open as many files as it may; return how many of them can be connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST
    if soft < MOST:
        soft = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(OTHERS, soft - OTHERS)
