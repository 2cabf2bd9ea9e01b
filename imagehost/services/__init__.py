"""Use cases: plain functions that take values and streams, and give models back."""
