"""Functions for files that several layers use: ownership, hashes, locks and atomic writes."""
