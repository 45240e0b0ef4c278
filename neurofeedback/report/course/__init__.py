"""The report of a course in two editions, as a page and as PDF."""
