"""The methods of libraries that our classes override, and the private names of libraries that our code uses.

A test fails when an update of a library changes one of them. Then read what changed, adapt our code, and
write the new digest into the table.
"""

import hashlib
import inspect

import gunicorn.http.message
import gunicorn.workers.gthread
import pytest
import werkzeug.local

from imagehost.app import Application
from imagehost.db.engines import Pool
from imagehost.server.answers import Answer
from imagehost.server.chunks import Chunks
from imagehost.server.heads import HeadReader
from imagehost.server.worker import Worker
from imagehost.web.forms import FormParser, Parser
from imagehost.web.guard import NoSessions
from imagehost.web.upload_request import UploadRequest

OURS = [Worker, HeadReader, Chunks, Answer, UploadRequest, FormParser, Parser, NoSessions, Application, Pool]
OVERRIDDEN = {
    "Worker.__init__": "5681b8b542ea",
    "Worker.init_process": "e4fc63a1a68e",
    "Worker.get_thread_pool": "003f3549a71b",
    "Worker.accept": "f8dcead3dce5",
    "Worker.enqueue_req": "c9f428953d24",
    "Worker.finish_request": "616e7bb15a00",
    "Worker.wait_for_and_dispatch_events": "ea969b352482",
    "Worker.murder_keepalived": "4459960c4ccc",
    "Worker.murder_pending": "7bf11f464542",
    "Worker._cap_keepalive": "745c8ac37108",
    "HeadReader.__init__": "6219181af6ef",
    "HeadReader.chunk": "29e0525ac3c7",
    "Chunks.__init__": "74626d236eb5",
    "Chunks.parse_chunk_size": "997c6693156b",
    "Answer.__init__": "904d95d8358a",
    "Answer.send_headers": "7aff3b7d004f",
    "Answer.close": "1e78fc7777ff",
    "UploadRequest.make_form_data_parser": "56d1ecad34c1",
    "UploadRequest._get_stream_for_parsing": "091351393951",
    "UploadRequest._get_file_stream": "136990014c95",
    "UploadRequest.close": "ab0169a7aa1a",
    "FormParser._parse_multipart": "78294c63b4fd",
    "FormParser._parse_urlencoded": "8b74e8a51166",
    "Parser.__init__": "840c7e2e84e4",
    "Parser._on_segment_start": "cd54a4eef941",
    "Parser._on_segment_headerline": "64bed0777258",
    "Parser._create_segment": "f24eb4c52fd0",
    "NoSessions.open_session": "bdc775586ba1",
    "Application.ensure_sync": "93da8bd89e2a",
    "Pool.connect": "b9d965db4b69",
}
"""Digests of the overridden methods' code in the libraries."""
USED = {
    "gunicorn.http.message.Request._expected_100_continue": gunicorn.http.message,
    "gunicorn.workers.gthread.STOP_KEEPALIVE_LINGER": gunicorn.workers.gthread,
    "werkzeug.local.LocalProxy._get_current_object": werkzeug.local,
}
"""Undocumented names, and the modules in whose code they are."""


def digest(function: object) -> str:
    return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:12]


def overridden() -> dict[str, str]:
    """Return the digest of each overridden method of a library, by the names of our class and the method."""
    found = {}
    for ours in OURS:
        for name, value in vars(ours).items():
            theirs = getattr(super(ours, ours), name, None)
            if inspect.isfunction(value) and inspect.isfunction(theirs):
                found[f"{ours.__name__}.{name}"] = digest(theirs)
    return found


def test_the_table_has_every_overridden_method_as_the_library_has_it_now():
    assert overridden() == OVERRIDDEN


@pytest.mark.parametrize("path", USED)
def test_a_private_name_is_still_in_its_module(path):
    assert path.rpartition(".")[2] in inspect.getsource(USED[path])
