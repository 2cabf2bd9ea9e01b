"""An image is requested and deleted twice as soon as it is uploaded, repeatedly, on both databases."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests import pictures
from tests.system import truth
from tests.system.server import Server
from tests.system.test_at_once import distinct, upload

ROUNDS = 120
LARGE = pictures.jpg(1600, 1067)
"""A picture of which the host makes a thumbnail and two previews."""


@pytest.fixture
def lost(server: Server, url: str) -> Iterator[list[str]]:
    """Watch for images whose bytes are missing although their row exists before and after; yield a list."""
    found: list[str] = []
    done = threading.Event()
    folder = server.folder / "images"

    def watch() -> None:
        while not done.wait(0.05):
            before, there = truth.rows(url), {path.name for path in folder.glob("[a-z0-9][a-z0-9]/*")}
            found.extend(before.keys() - there & truth.rows(url).keys())

    watching = threading.Thread(target=watch)
    watching.start()
    yield found
    done.set()
    watching.join()


def together(*acts: Callable[[], requests.Response]) -> list[int]:
    """Send these requests at the same time, and return the statuses."""
    ready = threading.Barrier(len(acts))

    def act_together(act: Callable[[], requests.Response]) -> int:
        ready.wait(60)
        return act().status_code

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act_together, acts))


def test_one_of_two_deletions_succeeds_during_a_rendering(server, url, lost):
    kept = truth.rows(url)

    def play(number: int) -> None:
        image = upload(server, LARGE if number % 10 == 0 else distinct(number))
        seen, by_id, by_name, other = together(
            lambda: requests.get(image["thumbnail_url"], timeout=60),
            lambda: requests.delete(f"{server.url}/delete/{image['id']}", timeout=60),
            lambda: requests.delete(f"{server.url}/api/upload/{image['filename']}", timeout=60),
            lambda: requests.post(
                f"{server.url}/upload", files={"file": ("x.png", distinct(1000 + number))}, timeout=60
            ),
        )
        assert sorted((by_id, by_name)) == [200, 404]
        assert seen in {200, 404}
        assert other == 200
        gone.append(str(image["filename"]))
        outcomes[seen] += 1

    gone: list[str] = []
    outcomes: Counter[int] = Counter()
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(play, range(ROUNDS)))
    assert lost == []
    assert sum(outcomes.values()) == len(set(gone)) == ROUNDS
    left = truth.rows(url)
    assert len(left) == len(kept) + ROUNDS
    assert not left.keys() & set(gone)
    truth.assert_exact(url, server.folder / "images")
    made = truth.hidden(server.folder / "images", ".renditions")
    assert [name for name in made if name.startswith((".", *gone))] == []
    assert "Traceback" not in server.app_log()
