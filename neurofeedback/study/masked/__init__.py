"""Sessions of a study: what a visit plays, and whether what was played is what the arm says."""
