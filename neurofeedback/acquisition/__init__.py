"""Sources of samples: BrainFlow boards, playback, the simulated meditator."""
