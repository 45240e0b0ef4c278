"""Completion of sessions that broke off, and rebuilding of their damaged files."""
