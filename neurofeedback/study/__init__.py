"""Work over many recordings."""
