"""Error families shared by all rooms, with their exit codes.

A message has four parts: what is wrong, what was got, what is allowed, what to do.
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_SETTINGS = 2
EXIT_DEVICE = 3
EXIT_RECORDING = 4
EXIT_INTERRUPTED = 130


class NeurofeedbackError(Exception):
    """An error with what is wrong, what was found, what is allowed and what to do.

    Parameters
    ----------
    what : str
        What is wrong, as a sentence without full stop.
    got : object, optional
        What was found instead.
    allowed : str, optional
        What is allowed.
    todo : str, optional
        What the user can do.

    Examples
    --------
    >>> print(SettingsError("the session is too short", got="0 min", allowed="0.5 to 180 min",
    ...                     todo="pass --minutes 20"))
    the session is too short: got 0 min; allowed: 0.5 to 180 min; pass --minutes 20.
    """

    exit_code = 1

    def __init__(self, what: str, *, got: object = None, allowed: str = "", todo: str = "") -> None:
        self.what = what
        self.got = got
        self.allowed = allowed
        self.todo = todo
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        got = "" if self.got is None else f"got {self.got}"
        allowed = f"allowed: {self.allowed}" if self.allowed else ""
        details = "; ".join(part for part in (got, allowed, self.todo) if part)
        sentence = f"{self.what}: {details}" if details else self.what
        return sentence if sentence.endswith((".", "!", "?")) else sentence + "."


class SettingsError(NeurofeedbackError):
    """Options, profiles or labels that are not allowed."""

    exit_code = EXIT_SETTINGS


class SourceError(NeurofeedbackError):
    """The device or stream cannot be opened, or is lost."""

    exit_code = EXIT_DEVICE


class RecordingError(NeurofeedbackError):
    """A recording or file cannot be read or written."""

    exit_code = EXIT_RECORDING
