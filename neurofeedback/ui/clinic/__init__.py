"""The parts of the window for an attendant: record only, entries, and the course of a person."""
