"""Contact of each electrode in words, from the gate's reasons over the last seconds."""

from __future__ import annotations

import numpy as np

from neurofeedback.processing.blocks import History
from neurofeedback.processing.gate import Verdicts
from neurofeedback.types import Contact, Verdict

REASONS: dict[str, str] = {
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

_WORDS = tuple(REASONS.values())
_RECENT_S = 4.0
_LISTED_SHARE = 0.25


class ContactJudge:
    """Contact of every channel at every frame; independent of how many frames come at once."""

    def __init__(self, ch_names: tuple[str, ...], hop_s: float) -> None:
        self._ch_names = ch_names
        self._good = {name: Contact(name, Verdict.GOOD) for name in ch_names}
        self._recent: History[np.bool_] = History(max(1, round(_RECENT_S / hop_s)), before=False)

    def push(self, verdicts: Verdicts) -> list[tuple[Contact, ...]]:
        """Return the contacts of each frame, in the order of the channels."""
        flags = np.stack([verdicts.bad, *(verdicts.reasons[rule] for rule in REASONS)], axis=-1)
        often = self._recent.push(flags).mean(axis=-1) >= _LISTED_SHARE
        frames = zip(verdicts.out.tolist(), often.tolist(), strict=True)
        return [tuple(map(self._contact, self._ch_names, *frame)) for frame in frames]

    def _contact(self, ch_name: str, out: bool, often: list[bool]) -> Contact:
        """``often`` is whether the channel was bad, and each rule held, in a good part of the last seconds."""
        if not out and not often[0]:
            return self._good[ch_name]
        words = tuple(dict.fromkeys(word for word, held in zip(_WORDS, often[1:], strict=True) if held))
        if out:
            return Contact(ch_name, Verdict.BAD, words or ("noisy",))
        return Contact(ch_name, Verdict.FAIR, words or ("moving",))
