"""Measures of whole sessions, computed once for each and stored beside it."""
