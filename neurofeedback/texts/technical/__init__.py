"""Texts for those who look after files, devices and the program itself."""
