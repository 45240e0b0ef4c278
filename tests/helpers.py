"""What several test files share: where the checkout is, and where real recordings are."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.fuzz.truth import Case
    from neurofeedback.feedback.sound_bank import SoundBank
    from neurofeedback.recording.bids_paths import SessionFiles

ROOT = Path(__file__).resolve().parents[1]
"""The checkout."""

DATA = Path(os.environ.get("NEUROFEEDBACK_DATA", ROOT.parent / "shared" / "data"))
"""Real recordings that are no part of the project."""


@cache
def sound_bank(**changes: object) -> SoundBank:
    """Return the sounds of the audio settings with these changes; made once a process, in about a second."""
    from neurofeedback.feedback.sound_bank import make_sound_bank
    from neurofeedback.settings.audio_feedback import AudioSettings

    return make_sound_bank(AudioSettings.model_validate(changes))


@cache
def known_case(number: int) -> Case:
    """Return a generated file of known truth; made once a process."""
    from benchmarks.fuzz.silent import make_case

    return make_case(number)


def import_recording(
    path: Path, root: Path, *, participant: str, progress: Callable[[float], None] = lambda _: None
) -> SessionFiles:
    """Import a file and return the session written."""
    from neurofeedback.verification.verified_import import import_verified  # not for tests that import nothing

    files = import_verified(path, root, participant=participant, progress=progress).files
    assert files is not None
    return files


class FastClock:
    """A clock for emulated headsets that runs ``speed`` times as fast, by at most 50 ms from one look to the next.

    On a busy machine it slows down, so that a headset is not late for want of processor time.
    """

    def __init__(self, speed: float) -> None:
        self._speed, self._time, self._looked_at = speed, 0.0, time.monotonic()

    def __call__(self) -> float:
        now = time.monotonic()
        self._time += min(self._speed * (now - self._looked_at), 0.05)
        self._looked_at = now
        return self._time


def write_catalogue(path: Path, translations: dict[str, str]) -> None:
    """Write a compiled gettext catalogue (.mo) of UTF-8 texts."""
    pairs = sorted({"": "Content-Type: text/plain; charset=UTF-8\n", **translations}.items())
    n = len(pairs)
    offset = 28 + 16 * n
    tables: list[list[int]] = [[], []]
    strings = b""
    for side in (0, 1):
        for pair in pairs:
            encoded = pair[side].encode()
            tables[side] += [len(encoded), offset + len(strings)]
            strings += encoded + b"\0"
    numbers = [0x950412DE, 0, n, 28, 28 + 8 * n, 0, 0, *tables[0], *tables[1]]
    path.write_bytes(b"".join(number.to_bytes(4, "little") for number in numbers) + strings)
