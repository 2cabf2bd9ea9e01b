"""Checks of an administrator: rights, secrets, limits, and the content of the Docker images."""

import json
import re

from tests.compose.stack import Stack

RUNNING = ("db", "app", "backup", "nginx")
USERS = {"db": "postgres", "app": "10001", "backup": "10001", "nginx": "10001"}
"""The user of each container: a number, or a name where the number depends on the image."""
FOREIGN = re.compile(
    r"^(app/(?!docker|imagehost|migrations|static|templates|requirements.txt|wsgi.py|__pycache__)"
    r"|.*(\.git/|\.env$|\.whl$|/pip/|/gcc$|/tests?/|node_modules))"
)


def containers_have_no_rights(stack: Stack) -> str:
    """Check that containers have limits, no root, no capabilities and no writable files, and few ports."""
    # An engine that cannot limit memory or processes has no such limits.
    engine = json.loads(stack.docker("info", "--format={{json .}}"))
    for container in stack.containers(*RUNNING):
        service, host = stack.service_of(container), container["HostConfig"]
        status = dict(
            line.split(":\t")
            for line in stack.run(service, "cat", "/proc/1/status").splitlines()
            if ":\t" in line
        )
        number_and_name = re.match(r"uid=(\d+)(?:\((\w+)\))?", stack.run(service, "id")).groups()
        assert USERS[service] in number_and_name
        assert "0" not in status["Uid"].split()
        assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0, service
        assert status["NoNewPrivs"] == "1"
        assert host["ReadonlyRootfs"]
        assert bool(host["Memory"]) == engine["MemoryLimit"]
        assert host["NanoCpus"] == 1e9 * float(stack.environment.get(f"{service.upper()}_CPUS", 1))
        assert bool(host["PidsLimit"]) == engine["PidsLimit"]
        assert host["RestartPolicy"]["Name"] == "unless-stopped"
        assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "3"}
        assert bool(host["PortBindings"]) == (service == "nginx")
    return ", ".join(f"{service} runs as {user}" for service, user in USERS.items())


CONNECT = "import socket; socket.create_connection(('{}', 8080), 2)"


def nobody_reaches_the_database_but_who_needs_it(stack: Stack) -> str:
    """Check that nginx cannot find the database, and that the application has no access to other networks."""
    assert not stack.run("nginx", "sh", "-c", "getent ahostsv4 db || true")
    networks = stack.containers("nginx")[0]["NetworkSettings"]["Networks"]
    reached = {}
    for name, network in networks.items():
        connect = CONNECT.format(network["IPAddress"])
        reached[name] = stack.run(
            "app", "sh", "-c", f'python -c "{connect}" 2>/dev/null && echo yes || echo no'
        )
    assert {name.rpartition("_")[2]: told.strip() for name, told in reached.items()} == {
        "web": "yes",
        "outside": "no",
    }
    return "nginx is reached in web, not in outside"


def secrets_are_in_files_only(stack: Stack) -> str:
    """Check that password and key are random, and not in an inspection, history, log or environment."""
    secrets = [stack.run("app", "cat", f"/run/secrets/{name}") for name in ("db_password", "secret_key")]
    assert all(re.fullmatch("[0-9a-f]{64}", secret) for secret in secrets)
    told = [json.dumps(stack.containers()), stack.compose("logs"), stack.compose("config")]
    for image in ("imagehost", "imagehost-nginx"):
        told += [stack.docker("inspect", image), stack.docker("history", "--no-trunc", image)]
    # Our entrypoints do not export the secrets that they read. We cannot control that of PostgreSQL.
    told += [stack.run(service, "env") for service in RUNNING]
    assert not [secret for secret in secrets if any(secret in text for text in told)]
    return "64 hexadecimal digits each"


def images_hold_what_they_need(stack: Stack) -> str:
    """Check that images contain no tests, no history, no .env and no build tools, and that they are small."""
    told = []
    for image in ("imagehost", "imagehost-nginx"):
        files = stack.docker(
            *("run", "--rm", "--network=none", "--user=0", "--entrypoint=find", image),
            *("/app", "/srv", "/venv", "-type", "f") if image == "imagehost" else ("/srv", "-type", "f"),
        )
        assert not [file for file in files.splitlines() if FOREIGN.match(file[1:])]
        assert ".mo\n" in files or image != "imagehost"
        size = int(stack.docker("image", "inspect", "--format={{.Size}}", image))
        told.append(f"{image}: {size / 1e6:.0f} MB")
    return ", ".join(told)
