"""The two sides of a comparison: which sessions they have, and how they differ."""
