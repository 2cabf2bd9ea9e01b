"""Use cases: plain functions that take values and streams, and return models."""
