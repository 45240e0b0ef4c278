"""Replay of a recording through the same engine, and the checks of ``verify``."""
