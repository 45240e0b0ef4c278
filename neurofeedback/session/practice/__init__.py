"""Practices in a session: their guide texts, the breath pacer, and sittings without a headset."""
