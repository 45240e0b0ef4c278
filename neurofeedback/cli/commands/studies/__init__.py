"""Commands of ``study``."""
