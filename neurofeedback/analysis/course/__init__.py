"""A course: what it plans, what is done, and its raw measures."""
