"""How requests come in and answers go out: a Worker for gunicorn that slow clients cannot occupy."""
