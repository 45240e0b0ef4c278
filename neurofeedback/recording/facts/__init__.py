"""Facts about people and sessions: forms, session facts, entries of a course, and the log of their changes."""
