"""Receive requests and send answers: a ``Worker`` for gunicorn that slow clients cannot keep busy."""
