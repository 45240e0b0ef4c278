"""Export of recordings to the formats of other programs."""
