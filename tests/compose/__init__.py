"""The whole stack on a Docker engine: ``make stack``."""
