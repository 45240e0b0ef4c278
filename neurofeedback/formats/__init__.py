"""Other programs' recordings in, ours out. A format is found by content, never by name."""
