"""Backups that are known to restore.

A backup is a folder ``BACKUP_DIR/backup_<YYYY-mm-dd_HHMMSS>`` (UTC):

    database.sql        what psql or sqlite3 restores by hand
    images/<xx>/<name>  the bytes, as the storage on disk has them
    SHA256SUMS          what ``sha256sum -c`` checks by hand
    manifest.json       what it is, what it holds, and the checksum of SHA256SUMS

or, of the database alone, a file ``backup_<YYYY-mm-dd_HHMMSS>.sql``.
"""
