"""One upload or one deletion in a process of its own, for a test that watches its system calls.

``python -m tests.services.one_change upload|delete <database url> <instance folder> <picture file|id>``
"""

import os
import sys
from pathlib import Path

from imagehost import create_app
from imagehost.services import counting
from tests.conftest import as_upload

BEGIN = b"begin\n"


def main(action: str, url: str, folder: str, what: str) -> None:
    # By chance the first upload of one of them would tidy up, and make more calls than another run.
    counting.SHARDS = 1
    client = create_app(DATABASE_URL=url, INSTANCE_DIR=folder, RATE_LIMIT_ENABLED=False).test_client()
    content = Path(what).read_bytes() if action == "upload" else b""
    os.write(1, BEGIN)
    if action == "upload":
        answer = client.post("/upload", data=as_upload(content))
    else:
        answer = client.delete(f"/delete/{what}")
    os.write(1, answer.get_data())
    sys.exit(answer.status_code != 200)


if __name__ == "__main__":
    main(*sys.argv[1:])
