"""What the clock in a recording says of its samples: how many there should be, rate, drift, unexplained gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurofeedback.recording.recording import Recording
from neurofeedback.recording.timing import DeviceRead
from neurofeedback.verification.check_result import CheckResult, check_result, count_text, not_checkable
from neurofeedback.verification.clock_drift import ClockFit, Drift, fit_clock

_TOLERANCE = 0.01
_TOLERANCE_S = 0.1


@dataclass(frozen=True, slots=True)
class RecordingClock:
    """What a recording's clock says; ``fit`` is None where there is none that runs, and ``name`` says why."""

    description: str
    fit: ClockFit | None = None
    device_fit: ClockFit | None = None


def recording_clock(recording: Recording, reads: tuple[DeviceRead, ...]) -> RecordingClock:
    """Take the host's clock of our own reads, or another program's timestamps."""
    sfreq = recording.stream.sfreq
    if reads:
        stops = np.array([read.start + read.n_samples for read in reads])
        host = np.array([read.host_time for read in reads])
        device = np.array([np.nan if read.device_time is None else read.device_time for read in reads])
        clock = RecordingClock("the host's clock", fit_clock(stops, host, sfreq), fit_clock(stops, device, sfreq))
    elif recording.timestamps is not None:
        stops = np.arange(1, recording.n_samples + 1)
        clock = RecordingClock("the file's timestamps", fit_clock(stops, recording.timestamps, sfreq))
    else:
        return RecordingClock("no clock in the file")
    if clock.fit is None:
        return RecordingClock("too short to hold against its clock")
    return clock if clock.fit.clock_s > 0 else RecordingClock("its clock does not run")


def check_samples(recording: Recording, clock: RecordingClock) -> CheckResult:
    """Hold the samples that are there against those the clock expects."""
    n_samples, sfreq = recording.n_samples, recording.stream.sfreq
    if clock.fit is None:
        return not_checkable(
            "samples", f"{clock.description} ({n_samples:,} samples, {recording.duration_s:.1f} s at {sfreq:g} Hz)"
        )
    expected = round(n_samples * clock.fit.ratio)
    told = f"{n_samples:,} present, {expected:,} expected by {clock.description} in {expected / sfreq:.2f} s"
    off = abs(expected - n_samples)
    wrong = off > _TOLERANCE * expected + _TOLERANCE_S * sfreq
    whole = f"{expected / sfreq:.1f} s are recorded as {recording.duration_s:.1f} s: {told}"
    return check_result("samples", [whole] if wrong else [], told, {"n_samples": n_samples, "n_expected": expected})


def check_rate(recording: Recording, clock: RecordingClock) -> CheckResult:
    """Hold the effective rate against the nominal one."""
    if clock.fit is None:
        return not_checkable("rate", clock.description)
    nominal = recording.stream.sfreq
    sfreq, off = nominal / clock.fit.ratio, 1 / clock.fit.ratio - 1
    text = f"{sfreq:.2f} Hz by {clock.description}, nominal {nominal:g} Hz ({off:+.2%})"
    wrong = abs(off) > _TOLERANCE + _TOLERANCE_S / clock.fit.clock_s
    return check_result("rate", [text] if wrong else [], text, {"sfreq": round(sfreq, 4), "nominal_sfreq": nominal})


def check_drift(clock: RecordingClock) -> CheckResult:
    """Tell the drift of the samples against the clock; that of any working device is far below the tolerance."""
    fit = clock.fit
    if fit is None:
        return not_checkable("drift", clock.description)
    if fit.drift is None:
        return not_checkable("drift", "too short to measure")
    text = f"{_format_drift(fit.drift)}; jitter {fit.jitter_ms:.1f} ms, at most {fit.max_late_ms:.0f} ms late"
    figures: dict[str, object] = {
        "ppm": round(fit.drift.ppm, 2),
        "ppm_95": [round(fit.drift.low, 2), round(fit.drift.high, 2)],
        "jitter_ms": round(fit.jitter_ms, 3),
        "max_late_ms": round(fit.max_late_ms, 3),
    }
    if clock.device_fit is not None and clock.device_fit.drift is not None:
        text += f"; by the device's clock {_format_drift(clock.device_fit.drift)}"
        figures["device_ppm"] = round(clock.device_fit.drift.ppm, 2)
    wrong = abs(fit.drift.ppm) > 1e6 * _TOLERANCE and fit.clock_s > _TOLERANCE_S / _TOLERANCE
    return check_result("drift", [text] if wrong else [], text, figures)


def _format_drift(drift: Drift) -> str:
    return f"{drift.ppm:+.1f} ppm of nominal ({drift.low:+.1f} to {drift.high:+.1f})"


def check_gaps(recording: Recording, clock: RecordingClock) -> CheckResult:
    """Find where time passed that neither samples nor lost runs account for."""
    if clock.fit is None:
        return not_checkable("gaps", clock.description)
    jumps, sfreq = clock.fit.jumps, recording.stream.sfreq
    faults = [
        f"{count_text(len(jumps), 'jump')} of the clock with no lost samples to explain it: "
        + ", ".join(f"{jump.seconds:+.2f} s at {jump.sample / sfreq:.1f} s" for jump in jumps[:3])
        + (", ..." if len(jumps) > 3 else "")
    ]
    figures = {"jumps": [{"sample": jump.sample, "seconds": round(jump.seconds, 3)} for jump in jumps[:100]]}
    return check_result("gaps", faults if jumps else [], "no time is missing between samples", figures)
