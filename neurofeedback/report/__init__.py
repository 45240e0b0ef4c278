"""HTML pages and sentences made from recordings."""
