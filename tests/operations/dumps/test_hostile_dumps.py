r"""Verifying a backup with a hostile dump executes no attack, and reports why the dump is refused."""

import re
import sqlite3
from pathlib import Path

import pytest

from imagehost.domain.failures import Broken, Failure
from imagehost.host import Host
from imagehost.operations.backups.create import create_backup, create_dump
from imagehost.operations.backups.manifest import read_manifest
from imagehost.operations.backups.restore import restore_backup
from imagehost.operations.backups.verify import verify_backup
from imagehost.operations.dumps import postgresql_scripts, sqlite_scripts
from imagehost.operations.dumps.databases import database_state, own_dumper
from imagehost.operations.dumps.programs import postgresql_environment
from tests import pictures
from tests.conftest import ON_BOTH_DATABASES, ON_POSTGRESQL, ON_SQLITE, uploaded
from tests.operations.backups import hostile
from tests.operations.backups.hosts import add_images, everything

pytestmark = ON_BOTH_DATABASES

LEFT = ("imagehost.db", "imagehost.db-shm", "imagehost.db-wal", "backups", "images", "logs")
"""The files in the folder of a host. No attack may add another one."""
REFUSED = (
    r"^database\.sql (is refused: it contains SQL that backups of imagehost never contain|cannot be restored)"
)

OF_SQLITE = {
    "attach": "ATTACH '{file}' AS other; CREATE TABLE other.t (a);",
    "attach on its own line": "ATTACH '{file}' AS other;\nCREATE TABLE other.t (a);",
    "vacuum into": "VACUUM INTO '{file}';",
    "vacuum into after the end": "COMMIT;\nVACUUM INTO '{file}';\nBEGIN;",
    "an extension": "SELECT load_extension('{file}');",
    "a write by a function": "SELECT writefile('{file}', 'x');",
    "writable schema": "PRAGMA writable_schema=ON;",
    "another journal": "PRAGMA journal_mode=WAL;",
    "a trigger": "CREATE TABLE t (a);\nCREATE TRIGGER evil AFTER INSERT ON t BEGIN DELETE FROM t; END;",
    "a view": "CREATE VIEW evil AS SELECT 1;",
    "a virtual table": "CREATE VIRTUAL TABLE evil USING fts5(a);",
    "a temporary table": "CREATE TEMP TABLE evil (a);",
    "a computed column": "CREATE TABLE evil (a, b AS (lower(a)));",
    "a check that calls": "CREATE TABLE evil (a CHECK (length(hex(a)) > 1));",
    "an index that calls": "CREATE TABLE evil (a);\nCREATE INDEX i ON evil (lower(a));",
    "a value that calls": "CREATE TABLE evil (a);\nINSERT INTO evil VALUES (zeroblob(1000000000));",
    "a value that is selected": "CREATE TABLE evil (a);\nINSERT INTO evil VALUES ((SELECT 1));",
    "a table that is selected": "CREATE TABLE evil AS SELECT 1;",
    "a bomb": "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c;",
    "a bomb of values": "CREATE TABLE evil (a);\n"
    "INSERT INTO evil WITH RECURSIVE c(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c) SELECT x FROM c;",
    "a zero byte": "CREATE TABLE a (a);\0",
    "two statements on a line": "CREATE TABLE a (a); CREATE TABLE b (b);",
}

OF_PSQL = {
    "a program": "\\! touch {file}",
    "a program after a statement": "SET lock_timeout = 0; \\! touch {file}",
    "a program within a statement": "SET lock_timeout\n\\! touch {file}\n = 0;",
    "output to a program": "\\o |touch {file}",
    "a query to a program": "SELECT 1 \\g |touch {file}",
    "output to a file": "\\o {file}\nSELECT 1;",
    "a copy by psql": "\\copy (SELECT 1) TO PROGRAM 'touch {file}'",
    "a copy by psql to a file": "\\copy (SELECT 1) TO '{file}'",
    "a value of a program": "\\set x `touch {file}`",
    "another script": "\\i {file}",
    "an editor": "\\e {file}",
    "another server": "\\connect dbname=postgres",
    "the end": "\\q",
    "an early end of what is forbidden": "\\unrestrict x\n\\! touch {file}",
    "what follows the word": "\\restrict x \\! touch {file}",
    "after a carriage return": "-- harmless\r\\! touch {file}",
    "after a zero byte": "-- harmless\0\n\\! touch {file}",
    "behind dollars": "SELECT $$\n'$$;\n\\! touch {file}\n--';",
    "behind named dollars": "SELECT $a$ $$ ' $a$;\n\\! touch {file}\n--'",
    "behind a quote that is escaped": "SELECT E'\\'';\n\\! touch {file}\n--';",
    "behind an open comment": "/* ' */ SELECT 1;\n\\! touch {file}\n",
    "behind a comment in a comment": "/* /* */ ' */\n\\! touch {file}\n--'",
    "behind a quoted name": "SELECT 1 AS \"'\";\n\\! touch {file}\n--'",
    "in the comment's second line": "COMMENT ON TABLE public.images IS '\n\\! touch {file}\n';",
    "a variable": "SET lock_timeout = :'HOST';",
    "a copy that is none": "-- COPY public.images (id) FROM stdin;\n\\! touch {file}\n\\.",
    "a copy with options": "COPY public.images (id) FROM stdin WITH (FORMAT csv);\n\\! touch {file}\n\\.",
    "a copy of two statements": "COPY public.images (id) FROM stdin; SELECT 1;\n\\! touch {file}\n\\.",
}

OF_THE_SERVER = {
    "a copy to a program": "COPY public.images TO PROGRAM 'touch {file}';",
    "a copy from a program": "COPY public.images (id) FROM PROGRAM 'touch {file}';",
    "a copy to a file": "COPY public.images TO '{file}';",
    "a block": "DO $x$ BEGIN PERFORM 1; END $x$;",
    "a function": "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
    "a trigger": "CREATE TRIGGER t BEFORE INSERT ON public.images EXECUTE FUNCTION public.f();",
    "a view": "CREATE VIEW public.v AS SELECT 1;",
    "an extension": "CREATE EXTENSION dblink;",
    "another user": "SET ROLE postgres;",
    "another user in a list": "SET session_authorization = 'postgres';",
    "a user": "CREATE ROLE evil SUPERUSER;",
    "a setting of the server": "ALTER SYSTEM SET archive_command = 'touch {file}';",
    "a file of the server": "SELECT pg_catalog.pg_read_file('/etc/passwd');",
    "a long sleep": "SELECT pg_catalog.pg_sleep(100000);",
    "a default that calls": "ALTER TABLE ONLY public.images ALTER COLUMN id SET DEFAULT pg_sleep(9);",
    "a check that calls": "ALTER TABLE ONLY public.images ADD CONSTRAINT c CHECK (pg_sleep(9) IS NULL);",
    "an index that calls": "CREATE INDEX i ON public.images USING btree (evil(id));",
    "a table that is selected": "CREATE TABLE public.t AS SELECT pg_sleep(9);",
    "a table that is like another": "CREATE TABLE public.t (LIKE pg_catalog.pg_authid);",
    "a table elsewhere": "CREATE TABLE other.t (\n    a integer\n);",
    "the end of the transaction": "COMMIT;",
    "a large object": "SELECT pg_catalog.lo_export(1, '{file}');",
    "a setting that hides": "SET standard_conforming_strings = off;",
    "another encoding": "SET client_encoding = 'SJIS';",
    "a sequence by a trick": "SELECT pg_catalog.setval('public.\"a'; DROP TABLE x; --\"', 1, true);",
    "a name by a trick": "COMMENT ON TABLE public.images IS 'a' || 'b';",
}


@pytest.fixture
def backup(host, app):
    with app.app_context():
        add_images(app, 3)
        yield create_backup(host).backup


def spoiled(backup, genuine: str, attack: str, before: str, trap: Path) -> None:
    """Insert an attack into the dump, and make the checksums fit."""
    assert before in genuine
    text = f"{attack}\n".replace("{file}", str(trap))
    backup.dump.write_text(genuine.replace(before, text + before, 1), newline="")
    hostile.reseal(backup)


def assert_all_refused(host: Host, backup, attacks: dict[str, str], before: str, trap: Path) -> None:
    genuine = backup.dump.read_text()
    for name, attack in attacks.items():
        spoiled(backup, genuine, attack, before, trap)
        problems = verify_backup(host, backup)
        assert len(problems) == 1, (name, problems)
        assert re.search(REFUSED, problems[0]), (name, problems)
        assert problems[0].isprintable()
        assert not trap.exists(), name


@ON_SQLITE
@pytest.mark.parametrize("before", [hostile.AT_ONCE, "CREATE INDEX", "COMMIT;"])
def test_a_dump_of_sqlite_does_nothing_else(host, backup, tmp_path, before):
    assert_all_refused(host, backup, OF_SQLITE, before, tmp_path / "trap")
    assert set(tmp_path.iterdir()) == {tmp_path / name for name in LEFT}


@ON_POSTGRESQL
def test_commands_of_psql_are_refused(host, backup, tmp_path):
    assert_all_refused(host, backup, OF_PSQL, hostile.AT_END, tmp_path / "trap")


@ON_POSTGRESQL
def test_other_statements_for_the_server_are_refused(host, backup, tmp_path):
    assert_all_refused(host, backup, OF_THE_SERVER, hostile.AT_END, tmp_path / "trap")


@ON_POSTGRESQL
@pytest.mark.parametrize("before", ["SET statement_timeout", hostile.BEFORE_DATA, hostile.AT_END])
def test_an_attack_is_found_at_any_place(backup, tmp_path, before):
    genuine = backup.dump.read_text()
    for attack in {**OF_PSQL, **OF_THE_SERVER}.values():
        spoiled(backup, genuine, attack, before, tmp_path / "trap")
        with pytest.raises(Broken):
            list(postgresql_scripts.admitted(backup.dump))


EXAMPLES = {
    "sqlite": (OF_SQLITE["attach"], "COMMIT;"),
    "postgresql": (OF_PSQL["a program"], hostile.AT_END),
}


def test_a_restore_does_nothing_either_and_changes_nothing(host, app, backup, tmp_path):
    attack, before = EXAMPLES[host.database.engine.dialect.name]
    spoiled(backup, backup.dump.read_text(), attack, before, tmp_path / "trap")
    there = everything(host)
    with pytest.raises(
        Failure, match=r"is damaged\. Nothing was changed\. Problems: \d+\. The first one: .* is refused"
    ):
        restore_backup(host, backup, replace=True, foreign=True)
    # The same holds if the dump is replaced after the check.
    counts = read_manifest(backup).counts
    with pytest.raises(Failure, match="is refused"):
        own_dumper(host).replace(backup.dump, database_state(host), counts)
    assert everything(host) == there
    assert not (tmp_path / "trap").exists()


@ON_SQLITE
def test_a_dump_that_computes_more_than_its_size_explains_is_stopped(host, backup, monkeypatch):
    """Each index costs work for each row, so the work grows with indexes times rows."""
    monkeypatch.setattr(sqlite_scripts, "STEPS_AT_LEAST", 100_000)
    rows = "".join(f"INSERT INTO image_days VALUES ('2026-01-01',{number},1);\n" for number in range(1500))
    indexes = "".join(f"CREATE INDEX i{number} ON image_days (day);\n" for number in range(900))
    hostile.insert(backup, f"DELETE FROM sqlite_sequence;\n{rows}{indexes}", "COMMIT;")
    (problem,) = verify_backup(host, backup)
    assert "needs more computing time than a normal backup of this size" in problem


@ON_SQLITE
def test_thousands_of_tables_are_refused(host, backup):
    """Each table takes a page of the scratch file, 200 times the size of its statement."""
    hostile.insert(backup, "".join(f"CREATE TABLE t{number} (a);\n" for number in range(1100)), "COMMIT;")
    (problem,) = verify_backup(host, backup)
    assert "it contains SQL that backups of imagehost never contain: CREATE TABLE t99" in problem


@ON_POSTGRESQL
def test_thousands_of_tables_of_postgresql_are_refused(host, backup):
    """Each table takes a lock until the transaction ends, and all users of the server share the locks."""
    tables = "".join(f"CREATE TABLE public.t{number} (\n    a integer\n);\n" for number in range(1100))
    hostile.insert(backup, tables, hostile.AT_END)
    (problem,) = verify_backup(host, backup)
    assert "it contains SQL that backups of imagehost never contain: CREATE TABLE public.t9" in problem


@ON_SQLITE
def test_a_statement_without_end_is_not_kept_in_memory(host, backup, monkeypatch):
    monkeypatch.setattr(sqlite_scripts, "LONGEST_SQLITE_STATEMENT", 10_000)
    hostile.insert(backup, f"INSERT INTO images VALUES ('{'x' * 20_000}');\n", "COMMIT;")
    (problem,) = verify_backup(host, backup)
    assert "a statement that is too long" in problem


@ON_POSTGRESQL
def test_a_statement_of_postgresql_without_end_is_not_kept_in_memory(host, backup):
    hostile.insert(backup, f"COMMENT ON TABLE public.images IS '{'x' * 70_000}';\n", hostile.AT_END)
    (problem,) = verify_backup(host, backup)
    assert "it contains SQL that backups of imagehost never contain" in problem


@ON_SQLITE
def test_a_default_that_would_be_called_at_the_next_upload_is_refused(host, backup):
    dump = backup.dump.read_text()
    backup.dump.write_text(
        dump.replace("original_name TEXT NOT NULL", "original_name TEXT DEFAULT (hex(1)) NOT NULL")
    )
    hostile.reseal(backup)
    (problem,) = verify_backup(host, backup)
    assert "the column original_name of images is computed" in problem


def test_dumps_of_pg_dump_18_are_accepted():
    """Version 18.4 wrote the file from our tables.

    A NOT NULL constraint may have a name there, and one has.
    """
    dump = Path(__file__).with_name("pg_dump_18.sql")
    let_through = b"".join(postgresql_scripts.admitted(dump)).splitlines()
    left_out = [line for line in dump.read_bytes().splitlines() if line and line not in let_through]
    assert [line for line in left_out if not line.startswith(b"--")] == [
        b"\\restrict Qby3WvnxdxeYkvoDx7j8k1fCxtqH7BVNt8pvacRvwskJJLYKT23cxjKpryZliz7",
        b"\\unrestrict Qby3WvnxdxeYkvoDx7j8k1fCxtqH7BVNt8pvacRvwskJJLYKT23cxjKpryZliz7",
    ]
    assert b"SET transaction_timeout = 0;" in let_through, "which is new in version 17"


HOSTILE_NAMES = [
    "\\! touch trap.jpg",
    "\\.",
    "\\.jpg",
    "$$ $a$ ' \" '' \"\" ;.jpg",
    "'); DROP TABLE images; --.jpg",
    "/* -- COPY x FROM stdin;.jpg",
    "\\restrict x",
    "E'\\'' \u2028 \ufeff \U0001f600.jpg",
    ":'HOST' :x {{x}}.jpg",
    "a\tb\nc\rd.jpg",
]


def test_hostile_names_of_images_are_no_attack(host, app):
    client = app.test_client()
    with app.app_context():
        for number, name in enumerate(HOSTILE_NAMES):
            uploaded(client, pictures.jpg(8 + number, 6), name)
        there = everything(host)
        full, lone = create_backup(host).backup, create_dump(host).backup
        assert (verify_backup(host, full), verify_backup(host, lone)) == ([], [])
        restore_backup(host, full, replace=True)
    assert everything(host) == there


@ON_SQLITE
def test_dumps_of_earlier_versions_are_still_restored(host, app, backup):
    """Such a dump contains other programs' tables, and the statistics of an ANALYZE."""
    there = everything(host)
    with sqlite3.connect(str(host.database.engine.url.database)) as driver:
        driver.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, born DATE DEFAULT (date('now')))")
        driver.execute("INSERT INTO customers VALUES (1, '1815-12-10')")
        driver.execute("ANALYZE")
        driver.commit()
        dump = "".join(f"{statement}\n" for statement in driver.iterdump())
    driver.close()
    assert "customers" in dump
    assert "sqlite_stat1" in dump
    assert "customers" not in create_backup(host).backup.dump.read_text()
    backup.dump.write_text(dump)
    hostile.reseal(backup)
    hostile.unsign(backup)
    assert verify_backup(host, backup) == []
    restore_backup(host, backup, replace=True, foreign=True)
    assert everything(host) == there


@ON_SQLITE
def test_views_and_triggers_of_an_administrator_do_not_spoil_a_backup(host, app, backup):
    with host.database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE VIEW large AS SELECT * FROM images WHERE size > 1000000")
        connection.exec_driver_sql("CREATE TRIGGER t AFTER DELETE ON images BEGIN SELECT 1; END")
    assert verify_backup(host, create_backup(host).backup) == []


@ON_POSTGRESQL
def test_objects_that_an_administrator_adds_to_our_tables_are_accepted(host, app, backup):
    for statement in (
        "COMMENT ON TABLE images IS 'it''s ours; -- really\n'",
        "CREATE INDEX by_name ON images (lower(original_name) DESC NULLS LAST)",
        "CREATE UNIQUE INDEX by_hash ON images (sha256, id) WITH (fillfactor = 70)",
        "ALTER TABLE images SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.1)",
        "ALTER TABLE images ALTER COLUMN original_name SET STORAGE EXTERNAL",
        "ALTER TABLE images ALTER COLUMN original_name SET STATISTICS 500",
        "ALTER TABLE images CLUSTER ON by_hash",
    ):
        with host.database.engine.begin() as connection:
            connection.exec_driver_sql(statement)
    made = create_backup(host).backup
    assert verify_backup(host, made) == []
    there = everything(host)
    restore_backup(host, made, replace=True)
    assert everything(host) == there


@ON_POSTGRESQL
def test_a_script_that_is_cut_off_commits_nothing(host, app, backup, monkeypatch):
    """If this process is killed while it writes the script to psql, psql sees the end of its input."""
    there = everything(host)
    admitted = postgresql_scripts.admitted

    class Killed(BaseException):
        pass

    def cut(dump):
        for piece in admitted(dump):
            if piece.startswith(b"ALTER TABLE"):
                raise Killed
            yield piece

    monkeypatch.setattr(postgresql_scripts, "admitted", cut)
    with pytest.raises(Killed):
        own_dumper(host).replace(backup.dump, database_state(host), read_manifest(backup).counts)
    assert everything(host) == there


def test_programs_get_neither_secrets_nor_other_programs(monkeypatch):
    for name in ("PSQLRC", "PAGER", "PSQL_PAGER", "PSQL_EDITOR", "EDITOR", "SECRET_KEY", "DB_PASSWORD"):
        monkeypatch.setenv(name, "x")
    for name in ("PGSSLROOTCERT", "PGPASSFILE", "LC_ALL"):
        monkeypatch.setenv(name, "x")
    given = postgresql_environment("word")
    assert {"PGSSLROOTCERT", "PGPASSFILE", "LC_ALL", "PATH", "HOME"} <= set(given)
    assert not {name for name in given if "PSQL" in name or "PAGER" in name or "EDITOR" in name}
    assert not {"SECRET_KEY", "DB_PASSWORD"} & set(given)
    assert (given["PGPASSWORD"], given["PGCLIENTENCODING"]) == ("word", "UTF8")
