"""Numbers over sessions: probe statistics, trends, comparison, resting measures."""
