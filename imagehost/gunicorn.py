"""How gunicorn serves: ``python -m gunicorn -c python:imagehost.gunicorn wsgi:app``."""

import logging
import os
from typing import Any

from imagehost.config import load

settings = load()
ports = range(settings.web_server_start_port, settings.web_server_start_port + settings.web_server_ports)

# Every worker accepts from every port, so that nginx can balance over them.
bind = [f"{settings.web_server_host}:{port}" for port in ports]
workers = settings.web_server_workers
worker_class = "gthread"
# Enough that a few slow clients stop nobody; against many, a proxy has to buffer (docs/configuration.md).
threads = 32
preload_app = True
# The heartbeat of a worker, not a limit on requests.
timeout = 60
graceful_timeout = 30
# Above nginx's own, so that nginx is the one to close.
keepalive = 75
# Heartbeats in memory, where there is such a folder: a full disk must not stop them.
worker_tmp_dir = next(filter(os.path.isdir, ["/dev/shm"]), None)  # noqa: S108  # gunicorn makes a private file in it
# Two instances of one user would share its path.
control_socket_disable = True
loglevel = settings.log_level
# Who may set X-Forwarded-*, Werkzeug's ProxyFix decides by TRUSTED_PROXIES.
forwarded_allow_ips = ""

log = logging.getLogger(__name__)


def when_ready(_: Any) -> None:
    """Log the start."""
    log.info("started", extra={"addresses": ",".join(bind), "workers": workers})


def on_exit(_: Any) -> None:
    """Log the stop."""
    log.info("stopped")
