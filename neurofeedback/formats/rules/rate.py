"""Choose the sampling rate: what clock and counter show, held against header and device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurofeedback.errors import RecordingError
from neurofeedback.recording.import_report import ImportedRate, RateEstimate, RateSource
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.technical import imports as texts

_AGREE = 0.005  # a rate of header or device so near to the measured one is the rate
_MAX_AGREE = 0.02
_REPORTED = 0.01
_ROUNDING = 0.0015  # a measured rate so near to a common one is that
_MAX_ERROR = 0.03  # a rate measured less exactly decides nothing
_COMMON_HZ = (
    *(50, 60, 64, 80, 100, 120, 125, 128, 150, 160, 180, 200, 220, 240, 250, 256, 300, 400, 500, 512, 600, 800),
    *(1000, 1024, 1200, 1600, 2000, 2048, 2400, 2500, 4000, 4096, 5000, 8000, 8192, 10_000, 16_000, 16_384, 20_000),
)
_SOURCES = {
    RateSource.STATED: texts.SOURCE_STATED,
    RateSource.CLOCK: texts.SOURCE_CLOCK,
    RateSource.COUNTER: texts.SOURCE_COUNTER,
    RateSource.HEADER: texts.SOURCE_HEADER,
    RateSource.NOMINAL: texts.SOURCE_NOMINAL,
}


@dataclass(frozen=True, slots=True)
class ExpectedRates:
    """Rates in Hz that need no measurement: stated by the user, in the file's header, and possible for the device."""

    stated: float | None = None
    header: float | None = None
    nominal: tuple[float, ...] = ()

    @property
    def likely(self) -> float | None:
        """The rate to expect before anything is measured."""
        return self.stated or self.header or (self.nominal[0] if self.nominal else None)


def choose_rate(
    path: Path, measured: RateEstimate | None, expected: ExpectedRates, others: Sequence[RateEstimate] = ()
) -> tuple[ImportedRate, tuple[str, ...]]:
    """Return the sampling rate and the notices about rates that differ from it by more than 1 %.

    A stated rate is used as it is. A measured rate is replaced by that of the header or device if they agree within
    0.5 % (or within the error of the measurement), else by a common rate within 0.15 %. It goes before a header that
    it contradicts, as headers are often wrong and clocks are not.

    Parameters
    ----------
    path : Path
        The file.
    measured : RateEstimate, optional
        The rate by the clock, counted by the packet counter if that is usable.
    expected : ExpectedRates
        Rates that need no measurement.
    others : sequence of RateEstimate
        Further measurements, for the report alone.

    Raises
    ------
    RecordingError
        Nothing gives the rate.
    """
    sure = measured if measured is not None and 0 < measured.sfreq < np.inf else None
    sure = sure if sure is not None and sure.error_hz <= _MAX_ERROR * sure.sfreq else None
    known = [RateEstimate(RateSource.HEADER, expected.header)] if expected.header else []
    known += [RateEstimate(RateSource.NOMINAL, sfreq) for sfreq in expected.nominal]
    chosen = _choose(sure, known, expected.stated)
    if chosen is None:
        raise RecordingError(
            f"nothing in {path} gives its sampling rate",
            got="no header, regular clock or known device",
            todo="state it with --sfreq",
        )
    estimates = (*((measured,) if measured else ()), *others, *known)
    rate = ImportedRate(chosen.sfreq, chosen.source, estimates)
    return rate, _disagreements(rate, sure, known)


def _choose(sure: RateEstimate | None, known: Sequence[RateEstimate], stated: float | None) -> RateEstimate | None:
    if stated is not None:
        return RateEstimate(RateSource.STATED, stated)
    if sure is None:
        return known[0] if known else None
    tolerance = min(max(_AGREE, 3 * sure.error_hz / sure.sfreq), _MAX_AGREE)
    near = [rate for rate in known if differs_by(rate.sfreq, sure.sfreq) <= tolerance]
    if near:
        return min(near, key=lambda rate: differs_by(rate.sfreq, sure.sfreq))
    rounding = min(max(_ROUNDING, 3 * sure.error_hz / sure.sfreq), _MAX_AGREE)
    common = min(_COMMON_HZ, key=lambda sfreq: differs_by(sfreq, sure.sfreq))
    if differs_by(common, sure.sfreq) <= rounding:
        return RateEstimate(sure.source, float(common), sure.error_hz)
    return RateEstimate(sure.source, float(np.round(sure.sfreq, 2)), sure.error_hz)


def is_common(sfreq: float) -> bool:
    """Return whether devices have this rate."""
    return sfreq in _COMMON_HZ


def differs_by(a: float, b: float) -> float:
    """Return by which share two rates differ.

    Examples
    --------
    >>> round(differs_by(250.0, 200.0), 2)
    0.25
    """
    return abs(a - b) / min(a, b) if min(a, b) > 0 else float("inf")


def _disagreements(rate: ImportedRate, sure: RateEstimate | None, known: Sequence[RateEstimate]) -> tuple[str, ...]:
    """Return a notice for the measured rate or the header's, whichever is not used; for a device only if none fits."""
    header = [one for one in known if one.source is RateSource.HEADER]
    nominal = [one for one in known if one.source is RateSource.NOMINAL]
    if any(differs_by(one.sfreq, rate.sfreq) <= _REPORTED for one in nominal):
        nominal = []
    compared = [*([sure] if sure else []), *header, *(nominal[:1] if not header else [])]
    wrong = [one for one in compared if differs_by(one.sfreq, rate.sfreq) > _REPORTED]
    template = texts.STATED_RATE if rate.source is RateSource.STATED else texts.RATE_DISAGREES
    return tuple(
        english(
            template,
            sfreq=rate.sfreq,
            source=english(_SOURCES[rate.source]),
            other=round(one.sfreq, 2),
            other_source=english(_SOURCES[one.source]),
        )
        for one in wrong
    )
