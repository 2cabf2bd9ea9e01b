"""The application with a clock at each stage of an upload. ``GET /stages`` returns the times so far.

For one worker process of gunicorn: ``python -m gunicorn -c python:imagehost.gunicorn benchmarks.staged:app``.
"""

import functools
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from gunicorn.http.body import Body
from gunicorn.workers.gthread import ThreadWorker

from imagehost import create_app, imaging
from imagehost.services import images
from imagehost.storage.disk import DiskStorage
from imagehost.storage.spool import Incoming
from imagehost.web import forms


class Clock:
    """The seconds of each stage, without the stages inside it: processor time and wall time."""

    def __init__(self) -> None:
        self.processor: dict[str, float] = defaultdict(float)
        self.wall: dict[str, float] = defaultdict(float)
        self.requests = 0
        self.lock = threading.Lock()
        self.here = threading.local()

    def turn(self) -> None:
        """Add the time since the last call to the stage that this thread is in."""
        now = time.thread_time(), time.perf_counter()
        stages = self.here.__dict__.setdefault("stages", [])
        if stages:
            before = self.here.since
            with self.lock:
                self.processor[stages[-1]] += now[0] - before[0]
                self.wall[stages[-1]] += now[1] - before[1]
        self.here.since = now

    def stage(self, name: str, owner: Any, attribute: str) -> None:
        """Measure a function as a stage, or as a part of one."""
        act = getattr(owner, attribute)

        @functools.wraps(act)
        def timed(*arguments: Any, **options: Any) -> Any:
            self.turn()
            self.here.stages.append(name)
            try:
                return act(*arguments, **options)
            finally:
                self.turn()
                self.here.stages.pop()

        setattr(owner, attribute, timed)


clock = Clock()
inner = create_app()


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer ``GET /stages`` and reset the clock. Pass other requests to the application."""
    if environ["PATH_INFO"] != "/stages":
        clock.requests += 1
        return inner(environ, start_response)
    found = {"requests": clock.requests, "processor": dict(clock.processor), "wall": dict(clock.wall)}
    clock.processor.clear(), clock.wall.clear()
    clock.requests = 0
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(found).encode()]


clock.stage("the server: head, sending, waiting for the next", ThreadWorker, "handle")
clock.stage("the framework: routing, hooks, the answer", inner, "wsgi_app")
clock.stage("receiving the body", Body, "read")
clock.stage("parsing the form", forms.FormParser, "_parse_multipart")
clock.stage("hashing and holding", Incoming, "write")
clock.stage("checking the picture", imaging, "admit")
clock.stage("flushing file and folder", Incoming, "flush_to_disk")
clock.stage("flushing file and folder", DiskStorage, "publish")
clock.stage("the row, its count and the commit", images, "record")
