"""Import of other programs' recordings and export of our own. A format is detected by content, never by name."""
