"""Results of a study: power, blinding, check of the sham, tables and the CRED-nf page."""
