"""HTTPS with our own certificate."""

import subprocess

import requests

from tests.compose.stack import Stack

SUBJECT = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]


def https_is_served(stack: Stack) -> str:
    """Check HTTPS and HTTP/2 on port 443 with compose.tls.yaml, and the redirect from plain HTTP."""
    folder = stack.folder / "tls"
    folder.mkdir()
    names = ["-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *names, *SUBJECT]
    subprocess.run(command, check=True, capture_output=True)
    (folder / "privkey.pem").chmod(0o644)
    stack.compose("--file=compose.yaml", "--file=compose.tls.yaml", "up", "--detach", "--no-build", "--wait")
    port = stack.environment.get("HTTPS_PORT", "443")
    address = f"https://localhost{'' if port == '443' else f':{port}'}"
    redirect = requests.get(f"{stack.pages}/upload", allow_redirects=False, timeout=30)
    assert redirect.headers["Location"].startswith("https://"), redirect.headers
    curl = [
        "curl",
        "-fsS",
        "--cacert",
        folder / "fullchain.pem",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code} HTTP/%{http_version}",
    ]
    told = subprocess.run([*curl, f"{address}/"], check=True, capture_output=True, text=True).stdout
    assert told == "200 HTTP/2", told
    files = {"file": ("a.gif", b"GIF89a")}
    refused = requests.post(f"{address}/upload", files=files, verify=folder / "fullchain.pem", timeout=30)
    assert refused.status_code == 422, refused.text
    return f"{told}; {redirect.status_code} to {redirect.headers['Location']}"
