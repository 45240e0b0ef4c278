"""Rules for every foreign file: its clock and counter, what is EEG, units, and the recording made of a table."""
