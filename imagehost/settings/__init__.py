"""The settings: how they are read, parsed and checked."""
