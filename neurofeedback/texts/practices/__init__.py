"""Texts about practices."""
