"""Reading of other programs' files in a process of its own, with limits of memory, time and depth."""

READER_PROCESS = "reader-process"
"""First argument of a bundled program that reads a file instead of starting."""
