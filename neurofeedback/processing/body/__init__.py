"""Heart rate, breath rate and stillness from the other sensors of a headset. Descriptions; none drives the feedback."""
