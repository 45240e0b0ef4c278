"""Merging the datasets of several sites into one."""
