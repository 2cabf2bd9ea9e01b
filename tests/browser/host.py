"""Requests to the host without the browser."""

import requests

from tests.system.server import Server


def upload(server: Server, name: str, content: bytes) -> dict[str, object]:
    """Upload a picture, and return the answer."""
    answer = requests.post(f"{server.url}/upload", files={"file": (name, content)}, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def delete_all(server: Server) -> None:
    with requests.Session() as session:
        for image in session.get(f"{server.url}/api/upload", timeout=30).json():
            answer = session.delete(f"{server.url}/api/upload/{image['filename']}", timeout=30)
            assert answer.status_code == 200, answer.text
