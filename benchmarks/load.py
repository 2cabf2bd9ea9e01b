"""Load: requests by wrk, which needs little processor time, and the pictures that it uploads."""

import io
import json
import os
import random
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image

SCRIPTS = Path(__file__).parent / "wrk"


@dataclass(frozen=True, slots=True)
class Load:
    """The result of a load: answers per second, median and 99th percentile in seconds, and failures."""

    per_second: float
    median: float
    p99: float
    failed: int


def wrk(
    url: str,
    *,
    clients: int = 8,
    seconds: float = 3,
    script: str = "get",
    headers: dict[str, str] | None = None,
    allow_failures: bool = False,
    **variables: object,
) -> Load:
    """Send as many requests as ``clients`` can.

    ``variables`` are for the script. Raise an error if one fails.
    """
    command = ["wrk", "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}s", "--timeout", "30s"]
    command += [part for name, value in (headers or {}).items() for part in ("-H", f"{name}: {value}")]
    command += ["-s", str(SCRIPTS / f"{script}.lua"), url]
    given = {name.upper(): str(value) for name, value in variables.items()}
    environment = {**os.environ, "LUA_PATH": f"{SCRIPTS}/?.lua;;", **given}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=300)
    found = Load(**json.loads(ended.stdout.splitlines()[-1]))
    if found.failed and not allow_failures:
        raise RuntimeError(f"{found.failed} requests to {url} failed: {ended.stdout}")
    return found


@cache
def jpeg(size: int, *, metadata: bool = False) -> bytes:
    """Make a photograph of about ``size`` bytes: noise on smooth colours."""
    width = max(64, round((size * 2.2) ** 0.5 / 8) * 8)
    noise = random.Random(1).randbytes(width * width * 3 // 64)
    grains = Image.frombytes("RGB", (width // 8, width // 8), noise[: (width // 8) ** 2 * 3])
    fine = Image.frombytes("RGB", (width, width), random.Random(2).randbytes(width * width * 3))
    picture = Image.blend(grains.resize((width, width), Image.Resampling.BICUBIC), fine, 0.2)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Camera", "Of this benchmark"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    options = {"exif": exif} if metadata else {}
    best = b""
    for quality in range(20, 99, 2):
        content = io.BytesIO()
        picture.save(content, "JPEG", quality=quality, dpi=(72, 72), **options)
        if abs(len(content.getvalue()) - size) < abs(len(best) - size):
            best = content.getvalue()
    return best
