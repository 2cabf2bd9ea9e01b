"""Tests of the whole stack on a Docker engine: ``make stack``."""
