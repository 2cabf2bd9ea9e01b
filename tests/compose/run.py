"""Start the whole stack on this machine's Docker engine and test it: ``make stack``.

It needs the ports 80, 8080, 8000 and 443, or those in HTTP_PORT, HTTP_ALT_PORT, API_PORT and HTTPS_PORT.
DB_CPUS=0 and the like are for engines that cannot limit cores. COMPOSE_FILE may add your own files. With
``--no-build``, the Docker images of the last build are used.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.compose import accidents, encrypting, looking, opening, using
from tests.compose.stack import Stack

ACTS = (
    looking.containers_have_no_rights,
    looking.nobody_reaches_the_database_but_who_needs_it,
    looking.secrets_are_in_files_only,
    looking.images_hold_what_they_need,
    opening.this_machine_alone_is_let_in,
    using.images_come_and_go_at_every_port,
    using.one_request_is_found_in_both_logs,
    using.the_backup_service_makes_backups,
    using.a_backup_brings_back_what_was_deleted,
    accidents.containers_come,
    accidents.a_container_is_killed,
    accidents.gunicorn_crashes,
    accidents.containers_go,
    accidents.the_database_is_restarted,
    accidents.the_machine_is_restarted,
    accidents.all_containers_are_made_anew,
    accidents.all_containers_are_stopped,
    encrypting.https_is_served,
    using.settings_of_env_reach_everybody,
    opening.an_address_in_a_port_is_told,
    opening.others_are_let_in_by_two_settings_only,
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder)) as stack:
        # The users of the containers must be able to read the files that are mounted from this folder.
        Path(folder).chmod(0o755)
        if "--no-build" not in sys.argv:
            tell("The images are built.", *timed(stack.compose, "build"))
        tell("Without a .env, all is well.", *timed(first_start, stack))
        for act in ACTS:
            tell(act.__doc__, *timed(act, stack))


def first_start(stack: Stack) -> str:
    stack.up()
    return stack.docker("ps", "--all", "--format={{.Names}}: {{.Status}}").strip()


def timed(act: Callable[..., str], *arguments: object) -> tuple[float, str]:
    begun = time.monotonic()
    said = act(*arguments)
    return time.monotonic() - begun, said


def tell(heading: str, seconds: float, said: str) -> None:
    print(f"{heading} ({seconds:.1f} s)", *said.splitlines(), sep="\n    ", flush=True)  # noqa: T201  # prints the result


if __name__ == "__main__":
    main()
