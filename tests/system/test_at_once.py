"""Many clients of the real server at the same time, on both databases."""

import hashlib
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import sqlalchemy as sa
from PIL import Image

from tests import pictures
from tests.system import truth
from tests.system.server import Server, wait_until

JSON = {"Accept": "application/json"}


def distinct(number: int) -> bytes:
    """Return a small picture that is different for each number."""
    return pictures.encode(Image.new("RGB", (8, 8), (number % 256, number // 256, 7)), "png")


def upload(server: Server, content: bytes) -> dict[str, object]:
    answer = requests.post(f"{server.url}/upload", files={"file": ("x.png", content)}, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def at_once(number: int, act: Callable[[int], object]) -> list[object]:
    """Call the function in a number of threads, which all begin at the same time."""
    barrier = threading.Barrier(number)

    def act_together(index: int) -> object:
        barrier.wait(30)
        return act(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(act_together, range(number)))


def test_after_simultaneous_uploads_and_deletions_exactly_the_acknowledged_images_exist(server, url):
    kept = dict(truth.rows(url))

    def work(number: int) -> None:
        content = distinct(number)
        image = upload(server, content)
        if number % 2:
            answer = requests.delete(f"{server.url}/delete/{image['id']}", timeout=60)
            assert answer.status_code == 200, answer.text
        else:
            kept[image["filename"]] = hashlib.sha256(content).hexdigest()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(200)))
    truth.assert_exact(url, server.folder / "images", kept)
    assert len(kept) >= 100
    if url.startswith("postgresql"):
        with truth.reading(url) as connection:
            assert connection.execute(sa.text("SELECT count(*) FROM image_days")).scalar_one() > 1


@pytest.mark.parametrize("number", [2, 10])
@pytest.mark.parametrize("by", ["id", "filename"])
def test_one_of_several_deletions_of_an_image_succeeds(server, url, number, by):
    image = upload(server, distinct(300))
    path = f"/delete/{image['id']}" if by == "id" else f"/api/upload/{image['filename']}"
    answers = at_once(number, lambda _: requests.delete(server.url + path, timeout=60).status_code)
    assert sorted(answers) == [200] + [404] * (number - 1)
    truth.assert_exact(url, server.folder / "images")


def test_a_thumbnail_that_many_ask_for_at_once_is_made_once(server):
    image = upload(server, pictures.jpg(2400, 1600))
    answers = at_once(50, lambda _: requests.get(image["thumbnail_url"], timeout=60))
    assert [answer.status_code for answer in answers] == [200] * 50
    assert len({answer.content for answer in answers}) == 1
    made = [line for line in server.app_log().splitlines() if "thumbnail made" in line]
    assert len([line for line in made if image["filename"] in line]) == 1


def test_a_deletion_while_thumbnails_are_made_leaves_no_rendition(server, url):
    content = pictures.jpg(1200, 800)
    chance = random.Random(1)

    def race(_: int) -> None:
        image = upload(server, content)
        asking = threading.Thread(
            target=lambda: statuses.append(requests.get(image["thumbnail_url"], timeout=60).status_code)
        )
        asking.start()
        time.sleep(chance.uniform(0, 0.05))
        assert requests.delete(f"{server.url}/delete/{image['id']}", timeout=60).status_code == 200
        asking.join()
        gone.append(image["filename"])

    statuses: list[int] = []
    gone: list[str] = []
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(race, range(24)))
    assert len(statuses) == len(gone) == 24
    assert set(statuses) <= {200, 404}
    left = truth.hidden(server.folder / "images", ".renditions")
    assert not [name for name in left if name.startswith((".", *gone))]
    truth.assert_exact(url, server.folder / "images")


def test_a_page_never_shows_an_image_twice_while_others_upload(server):
    done = threading.Event()
    pages: list[list[str]] = []

    def look() -> None:
        while not done.is_set():
            answer = requests.get(f"{server.url}/images-list?page={1 + len(pages) % 3}", timeout=60)
            assert answer.status_code == 200
            pages.append([image["filename"] for image in answer.json()["data"]])

    looking = threading.Thread(target=look)
    looking.start()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: upload(server, distinct(400 + number)), range(60)))
    wait_until(lambda: len(pages) > 3, "nobody looked")
    done.set()
    looking.join()
    assert all(len(page) == len(set(page)) <= 10 for page in pages)
    assert any(pages)


def test_every_image_is_listed_once_on_all_pages_together(server, url):
    entries = requests.get(f"{server.url}/api/upload", timeout=60).json()
    first = requests.get(f"{server.url}/images-list", timeout=60).json()["pagination"]
    seen = []
    for page in range(1, first["total_pages"] + 1):
        answer = requests.get(f"{server.url}/images-list?page={page}", timeout=60).json()
        seen += [image["filename"] for image in answer["data"]]
    assert seen == [entry["filename"] for entry in entries]
    assert sorted(seen) == sorted(truth.rows(url))
    assert len(seen) == first["total_items"]
