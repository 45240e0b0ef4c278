"""Batch processing of many recordings."""
