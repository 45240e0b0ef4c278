"""The window: Qt at the rim. One bridge polls the sitting; widgets take plain values."""
