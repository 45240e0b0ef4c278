"""What leaves a session: to other programs on this computer or the network."""
