"""Containers that are started, removed, killed and stopped."""

import re
import time
from collections.abc import Callable

import requests

from tests import pictures
from tests.compose.load import Load
from tests.compose.stack import Stack
from tests.compose.using import listed, upload
from tests.compose.waiting import until


def nginx_knows(stack: Stack, containers: int) -> Callable[[], bool]:
    def knows() -> bool:
        written = stack.run("nginx", "cat", "/etc/nginx/conf.d/upstream.conf")
        return len(set(re.findall(r"server ([0-9.]+):", written))) == containers

    return knows


def all_are_well(stack: Stack) -> bool:
    """Return whether each container of the application is healthy.

    nginx also uses containers that are starting.
    """
    return all(one["State"]["Health"]["Status"] == "healthy" for one in stack.containers("app"))


def restarts(stack: Stack) -> int:
    """Return how often Docker has restarted a container."""
    return sum(container["RestartCount"] for container in stack.containers())


def load(stack: Stack) -> Load:
    """Yield requests for pages, lists, images and thumbnails, to the application and to nginx."""
    image = listed(stack)[0]
    paths = [
        "/images-list",
        image["url"],
        "/",
        f"/thumbnails/{image['filename']}.webp",
        "/api/upload",
        "/readyz",
    ]
    return Load([address + path for path in paths for address in (stack.pages, stack.api)])


def containers_come(stack: Stack) -> str:
    """Check that no GET request fails while one container becomes four, and that nginx finds all of them."""
    upload(stack.pages, pictures.jpg())
    with load(stack) as clients:
        stack.up("--no-recreate", "--scale=app=4")
        took = until(nginx_knows(stack, 4))
        time.sleep(2)
    assert not clients.failed, clients
    return f"{clients}; nginx knew of them {took:.1f} s after they were well"


def a_container_is_killed(stack: Stack) -> str:
    """Check that no GET request fails while one of four containers is killed."""
    victim = stack.containers("app")[0]["Id"]
    with load(stack) as clients:
        stack.docker("kill", victim)
        took = until(nginx_knows(stack, 3))
        time.sleep(2)
    assert not clients.failed, clients
    stack.docker("start", victim)
    until(nginx_knows(stack, 4))
    until(lambda: all_are_well(stack))
    return f"{clients}; nginx forgot it after {took:.1f} s"


def gunicorn_crashes(stack: Stack) -> str:
    """Check that no GET fails while the processes of one of four containers die, and that it is restarted."""
    before = restarts(stack)
    with load(stack) as clients:
        # The first process of a container is Docker's, the second is gunicorn.
        stack.run("app", "sh", "-c", "kill -9 $(cat /proc/1/task/1/children)")
        until(lambda: restarts(stack) > before)
        time.sleep(8)
    assert not clients.failed, clients
    until(nginx_knows(stack, 4))
    until(lambda: all_are_well(stack))
    return str(clients)


def containers_go(stack: Stack) -> str:
    """Check that no GET request fails while four containers become one."""
    with load(stack) as clients:
        stack.up("--no-recreate", "--scale=app=1")
        until(nginx_knows(stack, 1))
        time.sleep(2)
    assert not clients.failed, clients
    return str(clients)


def the_database_is_restarted(stack: Stack) -> str:
    """Check that the host works again after the database is restarted under load."""
    begun, before = time.monotonic(), restarts(stack)
    with load(stack) as clients:
        stack.compose("restart", "db")
        until(lambda: requests.get(f"{stack.api}/readyz", timeout=30).ok)
        took = time.monotonic() - begun
        time.sleep(2)
    assert restarts(stack) == before
    assert set(clients.failed) <= {"503"}, clients
    upload(stack.pages, pictures.png())
    return f"back after {took:.1f} s; {clients}"


def the_machine_is_restarted(stack: Stack) -> str:
    """Check that containers that start in the wrong order, as after a machine restart, become healthy."""
    stack.compose("stop")
    begun = time.monotonic()
    for service in ("nginx", "backup", "app", "db"):
        stack.docker("start", *[one["Id"] for one in stack.containers(service)])
        time.sleep(3)
    until(lambda: all(health(one) in {"healthy", None} for one in stack.containers()))
    upload(stack.pages, pictures.gif())
    return f"{time.monotonic() - begun:.1f} s"


def health(container: dict) -> str | None:
    return container["State"].get("Health", {}).get("Status")


def all_containers_are_made_anew(stack: Stack) -> str:
    """Check that all images and secrets still exist after down and up."""
    before = listed(stack), stack.run("app", "cat", "/run/secrets/secret_key")
    stack.compose("down")
    begun = time.monotonic()
    stack.up()
    took = time.monotonic() - begun
    assert (listed(stack), stack.run("app", "cat", "/run/secrets/secret_key")) == before
    return f"{len(before[0])} images, up in {took:.1f} s"


def all_containers_are_stopped(stack: Stack) -> str:
    """Check that stop ends within the grace period under load, and that nothing is killed."""
    begun = time.monotonic()
    with load(stack):
        stack.compose("stop")
        took = time.monotonic() - begun
    codes = {stack.service_of(one): one["State"]["ExitCode"] for one in stack.containers()}
    assert set(codes.values()) <= {0, 143}, codes
    stack.up()
    return f"{took:.1f} s, {codes}"
