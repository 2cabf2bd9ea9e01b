"""Work with files that several layers share: ownership and hashes."""
