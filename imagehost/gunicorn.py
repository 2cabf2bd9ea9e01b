"""The configuration of gunicorn: ``python -m gunicorn -c python:imagehost.gunicorn wsgi:app``."""

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
from imagehost.settings.definitions import load_settings
from imagehost.web.binding import HOST

M_MMAP_THRESHOLD = -3
"""A constant from glibc's malloc.h."""

file_modes.set_umask()
settings = load_settings()
ports = range(settings.web_server_start_port, settings.web_server_start_port + settings.web_server_ports)

# Every worker accepts from every port, so that nginx can balance over them.
host = f"[{settings.web_server_host}]" if ":" in settings.web_server_host else settings.web_server_host
bind = [f"{host}:{port}" for port in ports]
workers = settings.web_server_workers
worker_class = "imagehost.server.worker.Worker"
# Threads for requests with a body. The same number serves requests without a body.
threads = 32
# Also the limit of the whole head: imagehost/server/heads.py.
limit_request_field_size = LONGEST_HEAD
limit_request_fields = 100
limit_request_line = 8190
preload_app = True
# The heartbeat of a worker, not a limit on requests.
timeout = 60
graceful_timeout = 30
# Longer than nginx's own timeout, so that nginx closes idle connections first.
keepalive = 75
# Keep heartbeats in memory if there is such a folder: a full disk must not stop them.
worker_tmp_dir = next(filter(os.path.isdir, ["/dev/shm"]), None)  # noqa: S108  # gunicorn makes a private file in it
# Two instances of one user would use the same path.
control_socket_disable = True
loglevel = settings.log_level
# Werkzeug's ProxyFix decides by TRUSTED_PROXIES which proxies may set X-Forwarded-*.
forwarded_allow_ips = ""

# glibc raises this threshold to the size of freed memory, and then keeps the memory of a large picture.
if hasattr(ctypes.CDLL(None), "mallopt"):
    ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 1024 * 1024)

log = logging.getLogger(__name__)


def on_starting(_: Any) -> None:
    """Stop the start if other machines can reach the host and ``ACCESS`` is not set."""
    access.check_access(settings)


def when_ready(_: Any) -> None:
    """Log the start, before the workers are forked."""
    # Objects that exist now are permanent. If garbage collection checked them, each worker would get its own
    # copy of the memory that all workers share.
    gc.freeze()
    names = str(Hosts(settings.public_url, settings.allowed_hosts))
    log.info("started", extra={"addresses": ",".join(bind), "workers": workers, "names": names})
    access.log_published(settings)


def post_worker_init(worker: Any) -> None:
    """Start the renderer's server, so that the first picture does not wait for it."""
    # If that fails, the first picture starts the server.
    with suppress(NotNow):
        worker.wsgi.extensions[HOST].renderer.start()


def on_exit(_: Any) -> None:
    """Log the stop."""
    log.info("stopped")
