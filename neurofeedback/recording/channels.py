"""``channels.tsv``: what each channel is, and once a session has ended how its contact was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from neurofeedback.types import ContactLevel, Frame, StreamInfo

_HEADER = (
    "name\ttype\tunits\tlow_cutoff\thigh_cutoff\treference\tsampling_frequency\tnotch\tstatus\tstatus_description\n"
)
_BAD_SHARE = 0.5
_MIN_REPORTED_SHARE = 0.01
_MAX_REASONS = 2


class ContactCounter:
    """Counts how often each channel's contact was bad, and why."""

    def __init__(self) -> None:
        self._n_frames: Counter[str] = Counter()
        self._bad: Counter[str] = Counter()
        self._reasons: dict[str, Counter[str]] = {}

    def update(self, frames: Iterable[Frame]) -> None:
        """Count the contacts of frames."""
        for frame in frames:
            for contact in frame.contacts:
                self._n_frames[contact.ch_name] += 1
                if contact.level is ContactLevel.BAD:
                    self._bad[contact.ch_name] += 1
                    self._reasons.setdefault(contact.ch_name, Counter()).update(contact.reasons)

    def channel_status(self) -> Mapping[str, tuple[str, str]]:
        """Return status and its description for each channel that was judged.

        Examples
        --------
        >>> ContactCounter().channel_status()
        {}
        """
        return {name: self._status_of(name) for name in self._n_frames}

    def _status_of(self, name: str) -> tuple[str, str]:
        share = self._bad[name] / self._n_frames[name]
        if share < _MIN_REPORTED_SHARE:
            return "good", "n/a"
        reasons = ", ".join(reason for reason, _ in self._reasons.get(name, Counter()).most_common(_MAX_REASONS))
        told = f"contact bad in {share:.0%} of the frames"
        return "bad" if share > _BAD_SHARE else "good", f"{told}: {reasons}" if reasons else told


def format_channels_table(stream: StreamInfo, status: Mapping[str, Sequence[str]] | None = None) -> str:
    """Return the content of ``channels.tsv``; ``status`` is known at the end."""
    known = status or {}
    rows = (_row(name, stream, known.get(name, ("n/a", "n/a"))) for name in stream.ch_names)
    return _HEADER + "".join(rows)


def _row(name: str, stream: StreamInfo, status: Sequence[str]) -> str:
    cells = (
        " ".join(name.split()),
        "EEG",
        "uV",
        "n/a",
        "n/a",
        stream.reference,
        f"{stream.sfreq:.12g}",
        "n/a",
        *status,
    )
    return "\t".join(cell or "n/a" for cell in cells) + "\n"
