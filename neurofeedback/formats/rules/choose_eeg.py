"""Choose the EEG among the channels of a foreign file and find the scale of each to microvolts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurofeedback.errors import RecordingError
from neurofeedback.formats.rules.channels import reason_by_values
from neurofeedback.formats.rules.options import ImportOptions
from neurofeedback.formats.rules.units import judge_unit, scale_to_uv
from neurofeedback.recording.import_report import ChannelUse, ImportedChannel
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.technical import imports as texts

_PLAUSIBLE_UV = (0.1, 20_000.0)
_MAX_NAMED = 4


@dataclass(frozen=True, slots=True, eq=False)
class ChosenEeg:
    """The EEG of a file.

    Parameters
    ----------
    rows : tuple of int
        Rows of the file's channels that are EEG.
    names : tuple of str
        Their names, each once.
    scales : ndarray, shape (n_rows,)
        Microvolts per unit of each.
    channels : tuple of ImportedChannel
        All channels of the file and what became of them.
    notices : tuple of str
        Sentences a person should read.
    """

    rows: tuple[int, ...]
    names: tuple[str, ...]
    scales: NDArray[np.float64]
    channels: tuple[ImportedChannel, ...]
    notices: tuple[str, ...]


@np.errstate(over="ignore", invalid="ignore")  # damaged files hold any number
def choose_eeg(
    path: Path, channels: Sequence[ImportedChannel], values: NDArray[np.float64], options: ImportOptions
) -> ChosenEeg:
    """Choose the EEG channels by what is known of them and by their values.

    Parameters
    ----------
    path : Path
        The file.
    channels : sequence of ImportedChannel
        All channels, judged by name, type and unit.
    values : ndarray, shape (n_channels, n_samples)
        A stretch of the channels in their own units; rows that are not EEG are not read.
    options : ImportOptions
        What the user states.

    Raises
    ------
    RecordingError
        No channel is EEG, or a unit is missing and the values do not show it.
    """
    judged = list(channels)
    _leave_strange_units_out(judged)
    rows = [row for row, channel in enumerate(judged) if channel.use is ChannelUse.EEG]
    scales = {row: scale_to_uv(judged[row].unit) for row in rows}
    unknown = [row for row in rows if scales[row] is None]
    scale, notices = _scale_of_unknown(path, [judged[row] for row in unknown], values[unknown], options)
    known = {row: own if own is not None else scale for row, own in scales.items()}
    for row in rows:
        reason = reason_by_values(values[row] * known[row])
        if reason:
            judged[row] = replace(judged[row], use=ChannelUse.LEFT_OUT, reason=reason)
    rows = [row for row in rows if judged[row].use is ChannelUse.EEG]
    if not rows:
        raise no_eeg_error(path, judged)
    chosen = np.array([known[row] for row in rows])
    notices += _size_notice(values[rows] * chosen[:, np.newaxis])
    return ChosenEeg(
        tuple(rows), unique_names([judged[row].name for row in rows]), chosen, tuple(judged), tuple(notices)
    )


def _leave_strange_units_out(channels: list[ImportedChannel]) -> None:
    """Leave out channels whose unit does not name volts, if other channels are in volts."""
    eeg = [row for row, channel in enumerate(channels) if channel.use is ChannelUse.EEG]
    if all(scale_to_uv(channels[row].unit) is None for row in eeg):
        return
    for row in eeg:
        unit = channels[row].unit
        if scale_to_uv(unit) is None and unit not in {"", "n/a"} and "v" not in unit.lower():
            channels[row] = replace(
                channels[row], use=ChannelUse.LEFT_OUT, reason=english(texts.OTHER_UNIT, unit=unit[:20])
            )


def no_eeg_error(path: Path, channels: Sequence[ImportedChannel]) -> RecordingError:
    """Return the error of a file without EEG; it names what the file holds instead."""
    held = ", ".join(f"{channel.name} ({channel.reason})" for channel in channels[:12])
    return RecordingError(f"{path} holds no EEG", got=held or "no channel", allowed="at least one EEG channel")


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names, with a running number on those that occur more than once.

    Examples
    --------
    >>> unique_names(["Fp1", "EEG", "EEG"])
    ('Fp1', 'EEG-0', 'EEG-1')
    """
    counts, seen = Counter(names), Counter[str]()
    unique: list[str] = []
    for name in names:
        unique.append(f"{name}-{seen[name]}" if counts[name] > 1 else name)
        seen[name] += 1
    if len(set(unique)) < len(unique):
        return tuple(f"{name}-{i}" for i, name in enumerate(names))
    return tuple(unique)


def _scale_of_unknown(
    path: Path, channels: Sequence[ImportedChannel], values: NDArray[np.float64], options: ImportOptions
) -> tuple[float, list[str]]:
    """Return the scale of channels without a usable unit, and the notice about it."""
    if not channels:
        return 1.0, []
    if options.unit_scale is not None:
        return options.unit_scale, []
    unit = judge_unit(values)
    scale = None if unit is None else scale_to_uv(unit)
    given = next((channel.unit for channel in channels if channel.unit not in {"", "n/a"}), "")
    got = english(texts.UNIT_UNKNOWN, unit=given[:20]) if given else english(texts.UNIT_MISSING)
    names = ", ".join(channel.name for channel in channels[:_MAX_NAMED]) + (
        ", ..." if len(channels) > _MAX_NAMED else ""
    )
    if unit is None or scale is None:
        if not np.isfinite(values).any() or not np.nanstd(values):
            return 1.0, []  # a flat signal is 0 in any unit
        raise RecordingError(
            f"the unit of {names} in {path} is {got}",
            got="values that have the size of EEG neither in volts nor in microvolts",
            todo="state the unit with --unit",
        )
    return scale, [english(texts.UNIT_JUDGED, channels=names, got=got, unit=unit)]


def _size_notice(values_uv: NDArray[np.float64]) -> list[str]:
    """Return a notice if the EEG is far too small or too large for its unit."""
    spreads = [float(np.std(row[np.isfinite(row)])) for row in values_uv if np.isfinite(row).any()]
    positive = [spread for spread in spreads if spread > 0]
    low, high = _PLAUSIBLE_UV
    if not positive or low <= float(np.median(positive)) <= high:
        return []
    return [english(texts.SIZE_IMPLAUSIBLE, size=float(np.median(positive)))]
