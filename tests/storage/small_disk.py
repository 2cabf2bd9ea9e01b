"""A small disk for a test, for root and for other users."""

import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

NAMESPACES = (
    (["unshare", "--user", "--map-root-user", "--mount"], ["--user", "--preserve-credentials", "--mount"]),
    (["unshare", "--mount"], ["--mount"]),
    # In a chroot, the root is not a mount, so it cannot be made private.
    (["unshare", "--mount", "--propagation", "unchanged"], ["--mount", "--root"]),
)
"""The commands that create and enter the namespaces."""
SCRIPT = (
    'mount -t tmpfs -o "$1" tmpfs "$2" && echo mounted && while read -r line; do $line && echo done; done'
)


class SmallDisk:
    """A tmpfs that only one of our processes has mounted. It is reached through that process.

    It ends with the process, so no mount is left after the test. No right to mount is needed if the kernel
    allows user namespaces.
    """

    def __init__(self, folder: Path, options: str) -> None:
        folder.mkdir(exist_ok=True)
        self.mount = folder
        complaints = []
        for namespace, entry in NAMESPACES:
            self.process = subprocess.Popen(
                [*namespace, "sh", "-c", SCRIPT, "sh", f"mode=755,{options}", str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            # SQLite resolves symbolic links, which the path below contains, so its files need a process
            # inside.
            self.enter = ["nsenter", f"--target={self.process.pid}", *entry, f"--wd={Path.cwd()}"]
            answer = self.process.stdout.readline()
            if answer == "mounted\n":
                break
            complaints.append(answer.strip())
            self.end()
        else:
            raise RuntimeError(
                f"no small disk can be made here, neither as root nor by unshare: {complaints}"
            )
        self.path = Path(f"/proc/{self.process.pid}/root{folder}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)

    def remount(self, options: str) -> None:
        """Change the options of the mount, for example ro or size=4m."""
        self.process.stdin.write(f"mount -o remount,{options} {self.mount}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer == "done\n", answer

    def fill(self, leave: int = 0) -> Path:
        """Fill the disk, except for a number of bytes, and return the file that fills it."""
        path = self.path / "ballast"
        free = os.statvfs(self.path)
        size = free.f_bavail * free.f_frsize - leave
        with path.open("wb", buffering=0) as file:
            while size > 0 and (written := file.write(bytes(min(size, 65536)))):
                size -= written
        return path
