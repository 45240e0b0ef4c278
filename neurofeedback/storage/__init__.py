"""Safe files: replaced in one step, appended by whole lines, locked, private; below settings and recording."""
