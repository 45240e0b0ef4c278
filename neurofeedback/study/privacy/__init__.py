"""Withdrawal of a person, and export without names."""
