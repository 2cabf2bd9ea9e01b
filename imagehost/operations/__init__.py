"""Long-running work: backups, clean-up, imports, exports, copies, and what they share."""
