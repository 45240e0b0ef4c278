"""The header and marker files of a BrainVision recording; the third file holds only float32 microvolts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from neurofeedback.recording.events import GAP_TYPE
from neurofeedback.types import LostRun, StreamInfo


def format_header(stream: StreamInfo, stem: str) -> str:
    """Return the content of the ``.vhdr``: float32 microvolts, multiplexed channels."""
    channels = "".join(f"Ch{i}={escape_text(name)},,1,µV\n" for i, name in enumerate(stream.ch_names, start=1))
    return (
        "Brain Vision Data Exchange Header File Version 1.0\n"
        "; Written live by neurofeedback\n\n"
        "[Common Infos]\n"
        "Codepage=UTF-8\n"
        f"DataFile={stem}_eeg.eeg\n"
        f"MarkerFile={stem}_eeg.vmrk\n"
        "DataFormat=BINARY\n"
        "; Data orientation: MULTIPLEXED=ch1,pt1, ch2,pt1 ...\n"
        "DataOrientation=MULTIPLEXED\n"
        f"NumberOfChannels={stream.n_channels}\n"
        "; Sampling interval in microseconds\n"
        f"SamplingInterval={1e6 / stream.sfreq!r}\n\n"
        "[Binary Infos]\n"
        "BinaryFormat=IEEE_FLOAT_32\n\n"
        "[Channel Infos]\n"
        "; Each entry: Ch<Channel number>=<Name>,<Reference channel name>,<Resolution in unit>,<Unit>\n"
        f"{channels}"
    )


def format_marker_header(stem: str, started: datetime) -> str:
    """Return the head of the ``.vmrk`` with its first marker, the start of the recording."""
    return (
        "Brain Vision Data Exchange Marker File, Version 1.0\n\n"
        "[Common Infos]\n"
        "Codepage=UTF-8\n"
        f"DataFile={stem}_eeg.eeg\n\n"
        "[Marker Infos]\n"
        "; Each entry: Mk<Marker number>=<Type>,<Description>,<Position in data points>,<Size in data points>,\n"
        "; <Channel number (0 = all channels)>,<Date (YYYYMMDDhhmmssuuuuuu)>\n"
        f"Mk1=New Segment,,1,1,0,{started:%Y%m%d%H%M%S%f}\n"
    )


def format_gap_markers(runs: Iterable[LostRun], first_number: int) -> list[str]:
    r"""Return the markers of lost runs, one line for each run and channel.

    The gap is the marker's *type* and its description is empty: MNE does not skip a gap that is in the description.

    Examples
    --------
    >>> format_gap_markers([LostRun(9, 4), LostRun(20, 1, (0, 2))], 2)[1:]
    ['Mk3=BAD_ACQ_SKIP,,21,1,1\n', 'Mk4=BAD_ACQ_SKIP,,21,1,3\n']
    """
    run_channels = [(run, channel) for run in runs for channel in _channel_numbers(run)]
    return [
        f"Mk{number}={GAP_TYPE},,{run.start + 1},{run.n_samples},{channel}\n"
        for number, (run, channel) in enumerate(run_channels, start=first_number)
    ]


def _channel_numbers(run: LostRun) -> tuple[int, ...]:
    return (0,) if run.channels is None else tuple(row + 1 for row in run.channels)


def escape_text(text: str) -> str:
    r"""Return a text on one line, without control characters, and with commas as the format writes them.

    Examples
    --------
    >>> escape_text("door,  loud")
    'door\\1 loud'
    """
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split()).replace(",", r"\1")
