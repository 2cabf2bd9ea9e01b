"""Benchmarks that anybody can run. Each compares values that are measured in the same run."""
