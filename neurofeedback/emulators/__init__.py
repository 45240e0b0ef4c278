"""Emulated headsets that drive BrainFlow's real drivers."""
