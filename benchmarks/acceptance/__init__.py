"""The acceptance targets as a command: each a frozen spec with a function that measures it on simulated people."""
