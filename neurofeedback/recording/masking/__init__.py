"""Sessions of a study whose feedback is hidden: what was played, sealed, and which sessions are still masked."""
