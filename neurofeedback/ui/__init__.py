"""The window, in Qt. One bridge polls the running session; pages and widgets take plain values."""
