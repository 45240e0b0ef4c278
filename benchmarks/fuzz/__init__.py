"""Damaged files for the readers: valid ones of each format, mutated, and what must hold whatever they hold."""
