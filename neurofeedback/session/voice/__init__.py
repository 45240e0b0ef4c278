"""What the voice says in a session and while the headset is put on."""
