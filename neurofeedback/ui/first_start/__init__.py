"""The three cards of the first start, with a rehearsal of a minute."""
