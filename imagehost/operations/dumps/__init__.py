"""Dump a database to SQL, and restore dumps, also untrusted ones."""
