"""Which sample is which: numbers from packet counters and arrival times, lost samples, stale blocks. Pure."""
