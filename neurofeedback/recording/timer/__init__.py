"""Sittings without a headset."""
