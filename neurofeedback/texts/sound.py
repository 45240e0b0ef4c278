"""Sentences and names that describe the sound output."""

from __future__ import annotations

NO_DEVICE = "No sound output found. You will hear nothing."
OTHER_DEVICE = "The sound device {device} is missing: the sitting is played through {output}."
DEFAULT_BACKGROUND = "{error} The background sound is rain for now."

NO_VOICE_FOLDER = "The folder of your recordings {folder} is missing: the shipped voice speaks instead."
ADD_SYSTEM_VOICE = "No voice for this language: add one in the settings of your system, or choose English."
SYSTEM_VOICE = "Your system's own voice speaks. Its speed is set in the system, and sound files do not contain it."
NO_VOICE_ENGINE = "No voice for this language: install espeak-ng (sudo apt-get install espeak-ng), or choose English."

DEVICE_GONE = "no sound: the device is gone; the sitting goes on, and sound comes back with the next device"
PROCESS_ENDED = "no sound: the sound process has ended; the sitting goes on"
NO_SOUND = "no sound"
WAV_FILE = "WAV file {path}"
