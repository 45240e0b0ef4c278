"""The window: Qt at the rim."""
