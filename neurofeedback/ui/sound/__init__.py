"""Sound beside a session: previews, and the voice of the system."""
