"""Sinks for sound: a device, a WAV file, silence."""

SOUND_PROCESS = "sound-process"  # what a bundled program starts itself with, to play sound apart
