"""A clean-up of a host that is in use."""

import hashlib
import threading
import time

import pytest
import requests

from imagehost import create_app
from imagehost.operations import cleanup
from imagehost.operations.cleanup import CleanupOptions, Finding, Share
from tests.applications import close, host_of
from tests.operations.cleanup.litter import put
from tests.system import truth
from tests.system.server import Server
from tests.system.test_at_once import distinct, upload

GRACE = 1.0


@pytest.fixture
def clean(server: Server, url: str):
    app = create_app(DATABASE_URL=url, INSTANCE_DIR=server.folder)

    def run() -> cleanup.CleanupReport:
        options = CleanupOptions(grace=GRACE, drop_missing=True, checksums=Share(1, 1))
        return cleanup.clean_up(host_of(app), options)

    yield run
    close(app)


def test_a_clean_up_takes_nothing_of_uploads_and_deletions_at_the_same_time(server, url, clean):
    kept: dict[str, str] = {}
    done = threading.Event()

    def work(number: int) -> None:
        while not done.is_set():
            content = distinct(number)
            image = upload(server, content)
            if number % 3:
                answer = requests.delete(f"{server.url}/delete/{image['id']}", timeout=60)
                assert answer.status_code == 200, answer.text
            else:
                kept[str(image["filename"])] = hashlib.sha256(content).hexdigest()
            number += 4

    # More images, so that the orphans are not the majority of all files.
    work_first = [upload(server, distinct(900 + number)) for number in range(5)]
    kept |= {
        str(image["filename"]): hashlib.sha256(distinct(900 + index)).hexdigest()
        for index, image in enumerate(work_first)
    }
    for number in range(2):
        put(server.folder / "images", f"or/orphan{number:010}.jpg")
    time.sleep(GRACE)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        reports = [clean() for _ in range(8)]
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert sum(report[Finding.ORPHAN].removed for report in reports) == 2
    assert [report.tallies for report in reports if report.needs_somebody] == []
    assert len(kept) > 5
    truth.assert_exact(url, server.folder / "images", kept)
    assert truth.hidden(server.folder / "images", ".deleted") == []
