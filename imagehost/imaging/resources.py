"""The memory and processors that the container or the machine provides, by the limits of its cgroup."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
CGROUPS = Path("/sys/fs/cgroup")
PROC = Path("/proc")
UNLIMITED = 2**60
"""The smallest number of bytes that means "no limit" in cgroup v1."""


@dataclass(frozen=True, slots=True)
class Resources:
    """Bytes of memory and a number of processors, which may be a fraction."""

    memory: int
    processors: float


def available(cgroups: Path = CGROUPS, proc: Path = PROC) -> Resources:
    """Return the lowest limits for this process: of its cgroups, their parents, and the machine."""
    memory = [value for value in memory_limits(cgroups, proc) if value < UNLIMITED]
    processors = list(processor_limits(cgroups, proc))
    return Resources(
        min([*memory, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]),
        min([*processors, float(len(os.sched_getaffinity(0)))]),
    )


def memory_limits(cgroups: Path, proc: Path) -> Iterator[int]:
    """Yield the limits on memory in bytes, of both versions of cgroups."""
    for folder in folders(cgroups, proc, "memory"):
        for name in ("memory.max", "memory.high", "memory.limit_in_bytes"):
            yield from numbers(folder / name)[:1]


def processor_limits(cgroups: Path, proc: Path) -> Iterator[float]:
    """Yield the limits on processors (1.5 is one and a half), of both versions of cgroups."""
    for folder in folders(cgroups, proc, "cpu"):
        match numbers(folder / "cpu.max"):
            case [quota, period]:
                yield quota / period
        match numbers(folder / "cpu.cfs_quota_us"), numbers(folder / "cpu.cfs_period_us"):
            case [quota], [period] if quota > 0:
                yield quota / period


def folders(cgroups: Path, proc: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of this process's cgroups and of their parents, up to the root.

    In a container, its cgroup may be the root, even if /proc contains another path.
    """
    try:
        lines = (proc / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        number, controllers, path = line.split(":", 2)
        names = controllers.split(",")
        if number == "0" and not controllers:
            top = cgroups
        elif controller in names:
            top = next(
                (cgroups / name for name in (controllers, controller) if (cgroups / name).is_dir()), cgroups
            )
        else:
            continue
        relative = Path(path.lstrip("/"))
        yield from (top / part for part in (relative, *relative.parents) if ".." not in part.parts)


def numbers(path: Path) -> list[int]:
    """Read the numbers in a file of a cgroup. Returns an empty list if it sets no limit."""
    try:
        return [int(word) for word in path.read_text().split()]
    except (OSError, ValueError):
        return []
