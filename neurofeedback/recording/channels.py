"""The table ``channels.tsv``: properties of each channel, and after the session its contact status."""

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
    """Counts the frames with bad contact for each channel, and the reasons."""

    def __init__(self) -> None:
        self._n_frames: Counter[str] = Counter()
        self._bad: Counter[str] = Counter()
        self._reasons: dict[str, Counter[str]] = {}

    def update(self, frames: Iterable[Frame]) -> None:
        """Count the channel contacts of frames."""
        for frame in frames:
            for contact in frame.contacts:
                self._n_frames[contact.ch_name] += 1
                if contact.level is ContactLevel.BAD:
                    self._bad[contact.ch_name] += 1
                    self._reasons.setdefault(contact.ch_name, Counter()).update(contact.reasons)

    def channel_status(self) -> Mapping[str, tuple[str, str]]:
        """Return the status and its description for each channel that had contact values.

        Examples
        --------
        >>> ContactCounter().channel_status()
        {}
        """
        return {name: self._describe_status(name) for name in self._n_frames}

    def _describe_status(self, name: str) -> tuple[str, str]:
        share = self._bad[name] / self._n_frames[name]
        if share < _MIN_REPORTED_SHARE:
            return "good", "n/a"
        reasons = ", ".join(reason for reason, _ in self._reasons.get(name, Counter()).most_common(_MAX_REASONS))
        description = f"contact bad in {share:.0%} of the frames"
        return "bad" if share > _BAD_SHARE else "good", f"{description}: {reasons}" if reasons else description


def format_channels_table(stream: StreamInfo, status: Mapping[str, Sequence[str]] | None = None) -> str:
    """Return the content of ``channels.tsv``; ``status`` is available only after the session."""
    status_by_name = status or {}
    rows = (_format_row(name, stream, status_by_name.get(name, ("n/a", "n/a"))) for name in stream.ch_names)
    return _HEADER + "".join(rows)


def _format_row(name: str, stream: StreamInfo, status: Sequence[str]) -> str:
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
