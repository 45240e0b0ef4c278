"""Texts of studies: protocol, sessions, results and the CRED-nf page."""
