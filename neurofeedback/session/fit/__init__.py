"""Headset fit before a session: contact of the electrodes, when it is good enough, and the wait for it."""
