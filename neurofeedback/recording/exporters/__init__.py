"""Recordings in formats that others read."""
