"""Checks of a recording's samples against its clock: number, rate, drift and unexplained gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurofeedback.recording.import_report import ImportedRate, RateSource
from neurofeedback.recording.recording import Recording
from neurofeedback.recording.timing import DeviceRead
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import verification as texts
from neurofeedback.verification.check_result import CheckResult, Measurement, check_result, count_text, not_checkable
from neurofeedback.verification.clock_drift import ClockFit, Drift, fit_clock

_TOLERANCE = 0.01
_TOLERANCE_S = 0.1
_STATED_BY_FILE = (RateSource.HEADER, RateSource.NOMINAL)


@dataclass(frozen=True, slots=True)
class RecordingClock:
    """The clock of a recording; without a running clock ``fit`` is None and ``description`` says why."""

    description: str
    fit: ClockFit | None = None
    device_fit: ClockFit | None = None


def recording_clock(recording: Recording, reads: Sequence[DeviceRead]) -> RecordingClock:
    """Return the host's clock of the reads, or the timestamps of another program's file."""
    sfreq = recording.stream.sfreq
    if reads:
        n = len(reads)
        stops = np.fromiter((read.start + read.n_samples for read in reads), np.int64, n)
        host = np.fromiter((read.host_time for read in reads), np.float64, n)
        device = np.fromiter(
            (np.nan if read.device_time is None else read.device_time for read in reads), np.float64, n
        )
        clock = RecordingClock(tr(texts.HOST_CLOCK), fit_clock(stops, host, sfreq), fit_clock(stops, device, sfreq))
    elif recording.timestamps is not None:
        stops = np.arange(1, recording.n_samples + 1)
        clock = RecordingClock(tr(texts.FILE_CLOCK), fit_clock(stops, recording.timestamps, sfreq))
    else:
        return RecordingClock(tr(texts.NO_CLOCK))
    if clock.fit is None:
        return RecordingClock(tr(texts.TOO_SHORT))
    return clock if clock.fit.clock_s > 0 else RecordingClock(tr(texts.CLOCK_STANDS))


def check_samples(recording: Recording, clock: RecordingClock) -> CheckResult:
    """Compare the number of samples with that expected by the clock."""
    n_samples, sfreq = recording.n_samples, recording.stream.sfreq
    if clock.fit is None:
        reason = tr(
            texts.SAMPLES_WITHOUT_CLOCK,
            reason=clock.description,
            n=n_samples,
            duration_s=recording.duration_s,
            sfreq=sfreq,
        )
        return not_checkable("samples", reason)
    expected = round(n_samples * clock.fit.ratio)
    expected_s = expected / sfreq
    text = tr(texts.SAMPLES, n=n_samples, n_expected=expected, clock=clock.description, expected_s=expected_s)
    off = abs(expected - n_samples)
    wrong = off > _TOLERANCE * expected + _TOLERANCE_S * sfreq
    fault = tr(texts.SAMPLES_WRONG, expected_s=expected_s, duration_s=recording.duration_s, samples=text)
    return check_result("samples", [fault] if wrong else [], text, {"n_samples": n_samples, "n_expected": expected})


def check_rate(recording: Recording, clock: RecordingClock) -> CheckResult:
    """Compare the effective sampling frequency with the nominal one."""
    if clock.fit is None:
        return not_checkable("rate", clock.description)
    nominal = recording.stream.sfreq
    sfreq, off = nominal / clock.fit.ratio, 1 / clock.fit.ratio - 1
    text = tr(texts.RATE, sfreq=sfreq, clock=clock.description, nominal=nominal, deviation=off)
    faults = [text] if abs(off) > _TOLERANCE + _TOLERANCE_S / clock.fit.clock_s else []
    report = recording.import_report
    if report is not None and (other := contradicted_rate(report.rate)) is not None:
        faults.append(tr(texts.RATE_CONTRADICTED, sfreq=nominal, other=other))
    return check_result("rate", faults, text, {"sfreq": round(sfreq, 4), "nominal_sfreq": nominal})


def contradicted_rate(rate: ImportedRate) -> float | None:
    """Return the header's or device's rate that the rate used contradicts, Hz; None if one fits or there is none."""
    known = [one.sfreq for one in rate.estimates if one.source in _STATED_BY_FILE]
    if rate.source is RateSource.STATED or any(abs(one / rate.sfreq - 1) <= _TOLERANCE for one in known):
        return None
    return next(iter(known), None)


def check_drift(clock: RecordingClock) -> CheckResult:
    """Measure the drift of the samples against the clock; a working device is far below the tolerance."""
    fit = clock.fit
    if fit is None:
        return not_checkable("drift", clock.description)
    if fit.drift is None:
        return not_checkable("drift", tr(texts.DRIFT_TOO_SHORT))
    text = tr(texts.DRIFT, drift=_format_drift(fit.drift), jitter_ms=fit.jitter_ms, late_ms=fit.max_late_ms)
    measurements: dict[str, Measurement] = {
        "ppm": round(fit.drift.ppm, 2),
        "ppm_95": [round(fit.drift.low, 2), round(fit.drift.high, 2)],
        "jitter_ms": round(fit.jitter_ms, 3),
        "max_late_ms": round(fit.max_late_ms, 3),
    }
    if clock.device_fit is not None and clock.device_fit.drift is not None:
        text = tr(texts.DRIFT_WITH_DEVICE, drift=text, device_drift=_format_drift(clock.device_fit.drift))
        measurements["device_ppm"] = round(clock.device_fit.drift.ppm, 2)
    wrong = abs(fit.drift.ppm) > 1e6 * _TOLERANCE and fit.clock_s > _TOLERANCE_S / _TOLERANCE
    return check_result("drift", [text] if wrong else [], text, measurements)


def _format_drift(drift: Drift) -> str:
    return tr(texts.DRIFT_PPM, ppm=drift.ppm, low=drift.low, high=drift.high)


def check_gaps(recording: Recording, clock: RecordingClock) -> CheckResult:
    """Find jumps of the clock without samples or lost runs to explain them."""
    if clock.fit is None:
        return not_checkable("gaps", clock.description)
    jumps, sfreq = clock.fit.jumps, recording.stream.sfreq
    places = [tr(texts.JUMP, seconds=jump.seconds, at_s=jump.sample / sfreq) for jump in jumps[:3]]
    listed = ", ".join([*places, "..."] if len(jumps) > 3 else places)
    faults = [tr(texts.JUMPS, jumps=count_text(len(jumps), "jump"), places=listed)]
    measurements = {"jumps": [{"sample": jump.sample, "seconds": round(jump.seconds, 3)} for jump in jumps[:100]]}
    return check_result("gaps", faults if jumps else [], tr(texts.NO_JUMPS), measurements)
