"""Logging: the formats of lines, the rotating file, the limit on repeated lines."""
