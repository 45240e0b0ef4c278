"""Sound outputs: a device, a WAV file, silence."""

SOUND_PROCESS = "sound-process"  # the argument with which a bundled program starts its sound process
