"""Practices in the window: the list of one's own, and their editor."""
