"""Contact of each electrode in words, from the gate's reasons over the last seconds."""

from __future__ import annotations

import numpy as np

from neurofeedback.processing.framing import SlidingWindows
from neurofeedback.processing.gate import GateResult
from neurofeedback.types import ChannelContact, ContactLevel

GATE_REASON_TEXTS: dict[str, str] = {
    "lost": "no signal",
    "flat": "flat: no skin contact",
    "railed": "railed: at the end of its range",
    "broken": "broken electrode",
    "mains": "mains hum",
    "noisy": "noisy",
    "muscle": "muscle",
    "pop": "moving",
    "wide": "moving",
    "blink": "eye movement",
    "settling": "settling",
}
"""What a person reads for each reason of the gate, the most telling first."""

_REASON_TEXTS = tuple(GATE_REASON_TEXTS.values())
_RECENT_S = 4.0
_LISTED_SHARE = 0.25


class ContactMonitor:
    """Contact of every channel at every frame; independent of how many frames come at once."""

    def __init__(self, ch_names: tuple[str, ...], hop_s: float) -> None:
        self._ch_names = ch_names
        self._good = {name: ChannelContact(name, ContactLevel.GOOD) for name in ch_names}
        self._recent: SlidingWindows[np.bool_] = SlidingWindows(max(1, round(_RECENT_S / hop_s)), fill_value=False)

    def process(self, gate_result: GateResult) -> list[tuple[ChannelContact, ...]]:
        """Return the contacts of each frame, in the order of the channels."""
        flags = np.stack([gate_result.bad, *(gate_result.reasons[rule] for rule in GATE_REASON_TEXTS)], axis=-1)
        often = self._recent.append(flags).mean(axis=-1) >= _LISTED_SHARE
        frames = zip(gate_result.excluded.tolist(), often.tolist(), strict=True)
        return [tuple(map(self._contact, self._ch_names, *frame)) for frame in frames]

    def _contact(self, ch_name: str, excluded: bool, frequent_reasons: list[bool]) -> ChannelContact:
        """``often`` is whether the channel was bad, and each rule held, in a good part of the last seconds."""
        if not excluded and not frequent_reasons[0]:
            return self._good[ch_name]
        words = tuple(
            dict.fromkeys(word for word, held in zip(_REASON_TEXTS, frequent_reasons[1:], strict=True) if held)
        )
        if excluded:
            return ChannelContact(ch_name, ContactLevel.BAD, words or ("noisy",))
        return ChannelContact(ch_name, ContactLevel.FAIR, words or ("moving",))
