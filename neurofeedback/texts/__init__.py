"""Every sentence a person reads, by the place where it is read."""
