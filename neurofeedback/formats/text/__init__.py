"""Import of text files: tables of OpenBCI, Muse apps, BrainFlow, Emotiv and this program."""
