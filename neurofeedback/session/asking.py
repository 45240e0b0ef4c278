"""What a person can ask of a sitting under way, from any screen or thread; every method returns at once."""

from __future__ import annotations

from neurofeedback.session.mailbox import Ask, Mailbox, Request


class Asking:
    """Puts requests into a mailbox; the runner obeys those that make sense at that moment."""

    mailbox: Mailbox

    def begin(self) -> None:
        """Begin the sitting, however the headset sits."""
        self._ask(Ask.BEGIN)

    def stop(self) -> None:
        """Ask for an orderly end."""
        self._ask(Ask.STOP)

    def mark(self, text: str = "") -> None:
        """Put a mark into the recording."""
        self._ask(Ask.MARK, text)

    def press(self) -> None:
        """Say that the mind had been away."""
        self._ask(Ask.PRESS)

    def answer(self, value: int) -> None:
        """Answer the question now shown."""
        self._ask(Ask.ANSWER, str(value))

    def skip(self) -> None:
        """Leave the question now shown, and those after it, unanswered."""
        self._ask(Ask.SKIP)

    def pause(self) -> None:
        """Pause: what comes is recorded and counts for nothing, and the plan waits."""
        self._ask(Ask.PAUSE)

    def resume(self) -> None:
        """Go on after a pause."""
        self._ask(Ask.RESUME)

    def longer(self, minutes: float) -> None:
        """Practise so much longer."""
        self._ask(Ask.LONGER, repr(float(minutes)))

    def set_volume_db(self, volume_db: float) -> None:
        """Set the volume relative to the profile's level, dB."""
        self._ask(Ask.VOLUME, repr(float(volume_db)))

    def mute(self, on: bool) -> None:
        """Silence all sound, or let it be heard again."""
        self._ask(Ask.MUTE, "on" if on else "off")

    def set_target_rate(self, rate: float) -> None:
        """Set the share of frames with reward aimed at, 0 to 1."""
        self._ask(Ask.TARGET_RATE, repr(float(rate)))

    def set_tone_depth(self, depth: float) -> None:
        """Set how far the tone may move, 0 to 1."""
        self._ask(Ask.TONE_DEPTH, repr(float(depth)))

    def set_baseline(self, drives: str) -> None:
        """Let the baseline of this ``session``, or one's ``own`` of earlier sittings, drive the sound."""
        self._ask(Ask.BASELINE, drives)

    def _ask(self, kind: Ask, value: str = "") -> None:
        self.mailbox.request(Request(kind, value))
