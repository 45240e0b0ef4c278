"""What leaves a session: to screens, and to other programs on this computer or the network."""
