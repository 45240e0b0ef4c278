"""What a person can ask of a sitting under way, from any screen or thread; every method returns at once."""

from __future__ import annotations

from neurofeedback.session.live_state import LiveState, Request, RequestKind


class Asking:
    """Puts requests into a mailbox; the runner obeys those that make sense at that moment."""

    live_state: LiveState

    def begin(self) -> None:
        """Begin the sitting, however the headset sits."""
        self._ask(RequestKind.BEGIN)

    def stop(self) -> None:
        """Ask for an orderly end."""
        self._ask(RequestKind.STOP)

    def mark(self, text: str = "") -> None:
        """Put a mark into the recording."""
        self._ask(RequestKind.MARK, text)

    def press(self) -> None:
        """Say that the mind had been away."""
        self._ask(RequestKind.PRESS)

    def answer(self, value: int) -> None:
        """Answer the question now shown."""
        self._ask(RequestKind.ANSWER, str(value))

    def skip(self) -> None:
        """Leave the question now shown, and those after it, unanswered."""
        self._ask(RequestKind.SKIP)

    def pause(self) -> None:
        """Pause: what comes is recorded and counts for nothing, and the plan waits."""
        self._ask(RequestKind.PAUSE)

    def resume(self) -> None:
        """Go on after a pause."""
        self._ask(RequestKind.RESUME)

    def longer(self, minutes: float) -> None:
        """Practise so much longer."""
        self._ask(RequestKind.EXTEND, repr(float(minutes)))

    def set_volume_db(self, volume_db: float) -> None:
        """Set the volume relative to the profile's level, dB."""
        self._ask(RequestKind.VOLUME, repr(float(volume_db)))

    def mute(self, on: bool) -> None:
        """Silence all sound, or let it be heard again."""
        self._ask(RequestKind.MUTE, "on" if on else "off")

    def set_target_rate(self, rate: float) -> None:
        """Set the share of frames with reward aimed at, 0 to 1."""
        self._ask(RequestKind.TARGET_RATE, repr(float(rate)))

    def set_tone_depth(self, depth: float) -> None:
        """Set how far the tone may move, 0 to 1."""
        self._ask(RequestKind.TONE_DEPTH, repr(float(depth)))

    def set_baseline(self, feedback_source: str) -> None:
        """Let the baseline of this ``session``, or one's ``own`` of earlier sittings, drive the sound."""
        self._ask(RequestKind.BASELINE, feedback_source)

    def _ask(self, kind: RequestKind, value: str = "") -> None:
        self.live_state.send_request(Request(kind, value))
