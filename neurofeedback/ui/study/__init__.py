"""The parts of the window for a study: the experimenter's page, its dialogs, and masked sessions."""
