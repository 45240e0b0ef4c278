"""Sessions on disk: the live BIDS writer, recovery, and reading recordings back."""
