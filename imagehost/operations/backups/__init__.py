"""Make backups, verify that they can be restored, restore them, and remove old ones.

A backup is a folder ``BACKUP_DIR/backup_<YYYY-mm-dd_HHMMSS>`` (UTC):

    database.sql        the database; psql or sqlite3 can restore it by hand
    images/<xx>/<name>  the images, with the same paths as in the storage on disk
    SHA256SUMS          the checksums; ``sha256sum -c`` can check them by hand
    manifest.json       the description of the backup, and the checksum of SHA256SUMS

A backup of the database alone is a file ``backup_<YYYY-mm-dd_HHMMSS>.sql``.
"""
