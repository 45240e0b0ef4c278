"""The version of the package, which stands nowhere else but in CITATION.cff."""

__version__ = "0.2.0"
