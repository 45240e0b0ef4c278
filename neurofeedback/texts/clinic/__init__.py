"""Texts about a course and its recordings, for an attendant and a clinic."""
