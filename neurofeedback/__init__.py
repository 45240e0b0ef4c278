"""Neurofeedback for meditation: a headset's samples in, guidance to see and hear out, everything on disk."""

__version__ = "0.1.0"
