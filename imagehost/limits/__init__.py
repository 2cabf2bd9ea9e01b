"""Counters of requests per client."""
