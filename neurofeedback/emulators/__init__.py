"""Emulated headsets for BrainFlow's real drivers."""
