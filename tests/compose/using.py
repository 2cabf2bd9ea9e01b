"""Use of the host: upload, view, delete, back up, restore."""

import json
import re

import requests

from tests import pictures
from tests.compose.stack import Stack
from tests.compose.waiting import until

PAGE = {"Accept": "text/html"}
LOGS = "/var/log/imagehost"


def upload(address: str, content: bytes, name: str = "photo.jpg") -> requests.Response:
    answer = requests.post(f"{address}/upload", files={"file": (name, content)}, timeout=30)
    answer.raise_for_status()
    return answer


def listed(stack: Stack) -> list[dict]:
    return requests.get(f"{stack.api}/api/upload", timeout=30).json()


def images_come_and_go_at_every_port(stack: Stack) -> str:
    """Check upload, list, image, thumbnail, view page and deletion at each of the three ports."""
    for address in (stack.pages, stack.pages_too, stack.api):
        content = pictures.jpg(1200, 800)
        image = upload(address, content).json()
        assert image["url"].startswith(address), image["url"]
        assert [one["filename"] for one in listed(stack)] == [image["filename"]]
        assert requests.get(image["url"], timeout=30).content == content
        thumbnail = requests.get(image["thumbnail_url"], timeout=30)
        assert thumbnail.headers["Content-Type"] == "image/webp"
        assert "photo.jpg" in requests.get(image["view_url"], headers=PAGE, timeout=30).text
        assert requests.delete(f"{address}/delete/{image['id']}", timeout=30).status_code == 200
        gone = [image["url"], image["thumbnail_url"], image["view_url"]]
        assert [requests.get(one, timeout=30).status_code for one in gone] == [404, 404, 404]
    return "80, 8080 and 8000 unless set otherwise"


def one_request_is_found_in_both_logs(stack: Stack) -> str:
    """Check that a request's id is in its answer, in access.log and in app.log, and that error.log exists."""
    answer = upload(stack.pages, pictures.png())
    identifier = answer.headers["X-Request-ID"]
    until(lambda: len(log_lines(stack, identifier)) == 2)
    stack.run("app", "test", "-f", f"{LOGS}/error.log")
    return "\n".join(log_lines(stack, identifier))


def log_lines(stack: Stack, identifier: str) -> list[str]:
    """Return the lines of access.log and app.log about a request."""
    found = stack.run("app", "sh", "-c", f"grep -h {identifier} {LOGS}/access.log {LOGS}/app.log || true")
    return found.splitlines()


def settings_of_env_reach_everybody(stack: Stack) -> str:
    """Check that application, nginx and database use the sizes, logs and password in .env."""
    (stack.folder / ".env").write_text("MAX_FILE_SIZE=3000\nLOG_FORMAT=json\nDB_PASSWORD='p=$a s='\n")
    stack.remove()
    stack.up()
    assert stack.run("db", "cat", "/run/secrets/db_password") == "p=$a s="
    answer = requests.post(f"{stack.pages}/upload", files={"file": ("a.jpg", bytes(4000))}, timeout=30)
    by_application = answer.status_code, answer.json()["message"]
    answer = requests.post(f"{stack.pages}/upload", files={"file": ("a.jpg", bytes(2_000_000))}, timeout=30)
    by_nginx = answer.status_code, answer.json()["message"]
    assert by_application[0] == by_nginx[0] == 413
    identifier = upload(stack.pages, pictures.png(8, 8)).headers["X-Request-ID"]
    until(lambda: len(log_lines(stack, identifier)) == 2)
    assert {json.loads(line)["request"] for line in log_lines(stack, identifier)} == {identifier}
    (stack.folder / ".env").unlink()
    stack.remove()
    stack.up()
    return f"{by_application}, {by_nginx}"


def a_backup_brings_back_what_was_deleted(stack: Stack) -> str:
    """Check that a backup, a deletion of all images and a restore bring back the same images, bit for bit."""
    for number in range(20):
        upload(stack.pages, pictures.jpg(400 + number, 300), f"{number}.jpg")
    before = {image["filename"]: contents(stack, image) for image in listed(stack)}
    made = stack.flask("backup", "create")
    stack.flask("backup", "verify", made["name"])
    for image in listed(stack):
        requests.delete(f"{stack.api}/api/upload/{image['filename']}", timeout=30).raise_for_status()
    assert not listed(stack)
    stack.flask("backup", "restore", made["name"], "--yes")
    assert {image["filename"]: contents(stack, image) for image in listed(stack)} == before
    return f"{len(before)} images"


def contents(stack: Stack, image: dict) -> bytes:
    answer = requests.get(stack.pages + image["url"], timeout=30)
    answer.raise_for_status()
    return answer.content


def the_backup_service_makes_backups(stack: Stack) -> str:
    """Check that the backup service has made and verified a backup, and is healthy."""
    log = stack.run("backup", "cat", f"{LOGS}/app.log")
    assert re.search("backup verified", log)
    stack.run("backup", "python", "docker/ready.py", "8090")
    return stack.run("backup", "flask", "backup", "list").strip()
