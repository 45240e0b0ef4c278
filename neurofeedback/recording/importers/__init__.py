"""Other programs' recordings. The format is found by content, never by name."""
