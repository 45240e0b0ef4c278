"""Sinks for sound: a device, a WAV file, silence."""
