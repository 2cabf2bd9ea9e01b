"""Long-running work: backups, clean-up, imports, exports, copies, and their common modules."""
