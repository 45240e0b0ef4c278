"""Reports made from recordings."""
