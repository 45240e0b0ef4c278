"""Pure signal processing: gaps, filters, blocks, the artifact gate, contact, spectra, features."""
