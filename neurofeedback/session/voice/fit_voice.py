"""What the voice says while the headset is put on: the state of the contact, and the remedy that helps most."""

from __future__ import annotations

import math
from collections.abc import Mapping

from neurofeedback.audio.null_sink import NullSink
from neurofeedback.audio.sink import Sink
from neurofeedback.audio.wav_sink import WavSink
from neurofeedback.session.live_state import LiveState
from neurofeedback.session.voice.announcer import VoiceAnnouncer
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.texts import contact
from neurofeedback.texts.status import electrode_place, main_contact_reason
from neurofeedback.types import ContactLevel, HeadsetFit

STEADY_S = 2.0
"""Time for which a sentence must be the right one before it is said, s."""
PAUSE_S = 7.0
REPEAT_S = 30.0
"""Least time between two sentences, and before the same one is said again, s."""

_REASONS: Mapping[str, str] = {
    contact.NO_SIGNAL: "fit_cable",
    contact.FLAT: "fit_flat",
    contact.RAILED: "fit_cable",
    contact.BROKEN: "fit_broken",
    contact.MAINS: "fit_mains",
    contact.MUSCLE: "fit_muscle",
    contact.MOVING: "fit_moving",
    contact.DRIFTING: "fit_drifting",
}
_HELPED_BY_PRESSING = frozenset({contact.NO_SIGNAL, contact.FLAT, contact.RAILED, contact.BROKEN, contact.NOISY})
_ONCE = frozenset({"fit_begin", "fit_good", "fit_good_enough"})


def fit_sentence(headset_fit: HeadsetFit, lost_s: float = 0.0) -> str:
    """Return the id of the sentence that helps most now; ``lost_s`` is the time without any sample (s)."""
    if lost_s > 0:
        return "fit_no_signal"
    if headset_fit.all_good:
        return "fit_good"
    if headset_fit.good_enough:
        return "fit_good_enough"
    electrodes = zip(headset_fit.electrodes, headset_fit.acceptable, strict=True)
    poor = [electrode.contact for electrode, acceptable in electrodes if not acceptable]
    if all(one.level is not ContactLevel.BAD for one in poor):
        return "fit_improving"
    if len(poor) == 1 and (place := _place(poor[0].ch_name)) and _HELPED_BY_PRESSING & set(poor[0].reasons[:1]):
        return place
    return _REASONS.get(main_contact_reason(headset_fit), "")


def _place(ch_name: str) -> str:
    """Return the sentence about an electrode's place; empty if its name does not say where it is.

    Examples
    --------
    >>> _place("TP9"), _place("AF8"), _place("PO7"), _place("Cz")
    ('fit_left_ear', 'fit_right_forehead', 'fit_left_back', '')
    """
    place = electrode_place(ch_name)
    return f"fit_{place}" if place else ""


class FitVoice:
    """Says the sentence that helps most, once it has been the right one for `STEADY_S`.

    Into a sound file nothing is said: its time begins with the session.
    """

    def __init__(self, settings: AudioSettings, sink: Sink, live_state: LiveState | None = None) -> None:
        audible = NullSink() if isinstance(sink, WavSink) else sink
        self._announcer = VoiceAnnouncer(
            settings, audible, eyes_open=False, note=lambda _sentence: None, live_state=live_state
        )
        self._spoken_at_s: dict[str, float] = {}
        self._candidate, self._since_s = "", -math.inf
        self._last_s = -math.inf

    def update(self, headset_fit: HeadsetFit | None, lost_s: float, now_s: float) -> None:
        """Take the state of the fit at a time of the clock (s); None before the first second of signal."""
        if not self._spoken_at_s:
            self._speak("fit_begin", now_s)
        sentence = "fit_waiting" if headset_fit is None else fit_sentence(headset_fit, lost_s)
        if sentence != self._candidate:
            self._candidate, self._since_s = sentence, now_s
        if not sentence or now_s - self._since_s < STEADY_S or now_s - self._last_s < PAUSE_S:
            return
        spoken_at_s = self._spoken_at_s.get(sentence, -math.inf)
        if sentence not in self._spoken_at_s or (sentence not in _ONCE and now_s - spoken_at_s >= REPEAT_S):
            self._speak(sentence, now_s)

    def _speak(self, sentence: str, now_s: float) -> None:
        self._spoken_at_s[sentence] = self._last_s = now_s
        self._announcer.speak(sentence, 0.0)
