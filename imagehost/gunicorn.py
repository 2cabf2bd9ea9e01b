"""How gunicorn serves: ``python -m gunicorn -c python:imagehost.gunicorn wsgi:app``."""

import ctypes
import gc
import logging
import os
from contextlib import suppress
from typing import Any

from imagehost.domain.host_names import Hosts
from imagehost.imaging import NotNow
from imagehost.operations import file_modes
from imagehost.server.heads import LONGEST_HEAD
from imagehost.settings import access
from imagehost.settings.loading import load

M_MMAP_THRESHOLD = -3
"""Of glibc's malloc.h."""

file_modes.restrict()
settings = load()
ports = range(settings.web_server_start_port, settings.web_server_start_port + settings.web_server_ports)

# Every worker accepts from every port, so that nginx can balance over them.
host = f"[{settings.web_server_host}]" if ":" in settings.web_server_host else settings.web_server_host
bind = [f"{host}:{port}" for port in ports]
workers = settings.web_server_workers
worker_class = "imagehost.server.worker.Worker"
# Threads for requests with a body. As many more serve requests without a body.
threads = 32
# Also the limit of the whole head: imagehost/server/heads.py.
limit_request_field_size = LONGEST_HEAD
limit_request_fields = 100
limit_request_line = 8190
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

# glibc raises this threshold to the size of what was freed, and then keeps what one large picture took.
if hasattr(ctypes.CDLL(None), "mallopt"):
    ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 1024 * 1024)

log = logging.getLogger(__name__)


def on_starting(_: Any) -> None:
    """Stop the start if other machines can reach the host and ``ACCESS`` is not set."""
    access.check(settings)


def when_ready(_: Any) -> None:
    """Log the start, before the workers are forked."""
    # What is there by now stays: no search for garbage has to go through it, nor touch what they share.
    gc.freeze()
    names = str(Hosts(settings.public_url, settings.allowed_hosts))
    log.info("started", extra={"addresses": ",".join(bind), "workers": workers, "names": names})
    access.log_published(settings)


def post_worker_init(worker: Any) -> None:
    """Start the renderer's server, so that the first picture does not wait for it."""
    # Where that fails now, the first picture tries again.
    with suppress(NotNow):
        worker.wsgi.extensions["imagehost.renderer"].start()


def on_exit(_: Any) -> None:
    """Log the stop."""
    log.info("stopped")
