"""Log lines: how they look, the rotating file, the limit on repeated lines."""
