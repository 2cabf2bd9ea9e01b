"""Measurements that anyone can run; each compares things that are measured in the same run."""
