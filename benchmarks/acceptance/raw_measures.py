"""T25 and T26: raw measures of sessions with lost packets, and their course within an infusion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.acceptance.figures import Figure, Run, Target, at_least, between, figure
from benchmarks.acceptance.statistics import mean_of, share_of
from neurofeedback.analysis.clean_signal import NO_FEEDBACK_PHASES, WINDOW_S
from neurofeedback.analysis.measures.session_measures import (
    CommonBands,
    SessionMeasures,
    compute_session_measures,
    regional_measures,
)
from neurofeedback.analysis.resting_measures import window_psds
from neurofeedback.analysis.session_course import CourseSegment, compute_session_course
from neurofeedback.recording.recording import Recording
from neurofeedback.settings.load import load_montage, resolve
from neurofeedback.settings.model import Settings
from neurofeedback.simulation.disturbances import CLEAN, EYES_CLOSED, Disturbances
from neurofeedback.simulation.headset_specs import get_headset
from neurofeedback.simulation.noise import band_gain
from neurofeedback.simulation.packet_loss import RadioLink, draw_packets, lost_runs
from neurofeedback.simulation.population import Person, draw_person
from neurofeedback.simulation.simulated_meditator import FEATURE_SD, SimulatedSession, simulate
from neurofeedback.simulation.slow_processes import BANDS, OSCILLATIONS, interpolate
from neurofeedback.simulation.sources import BAND_HZ
from neurofeedback.simulation.substance_course import WITHOUT_ARTIFACTS, SubstanceCourse, SubstanceEffects
from neurofeedback.types import LostRun, StreamInfo

Floats = NDArray[np.float64]
POWERS = ("delta", "theta", "alpha", "beta", "gamma")
_HEADSET, _MONTAGE = get_headset("muse"), load_montage("muse")
_STREAM = StreamInfo("muse-2", _HEADSET.sfreq, _MONTAGE.ch_names, montage="muse", reference=_MONTAGE.reference)
_PROFILE = resolve(Settings(), _STREAM)[1]
_BANDS = CommonBands(_PROFILE.montage, _PROFILE.settings, 10.3)
_ROWS = {region: _MONTAGE.rows(region) for region in ("all", "frontal", "posterior")}


def as_recording(data: NDArray[np.float32], lost: tuple[LostRun, ...] = ()) -> Recording:
    """Return simulated samples as a recording."""

    def read(start: int, stop: int) -> NDArray[np.float32]:
        return data[:, start:stop].copy()

    return Recording(Path("simulated"), _STREAM, data.shape[1], read, lost=lost, profile=_PROFILE)


# T25, comparison with lost packets

_LOSS_S = 180.0
_RANDOM = (0.01, 0.02, 0.03, 0.05)
_BURSTS = (0.02, 0.03)


@dataclass(frozen=True, slots=True)
class LossResult:
    """One person at one loss: share of clean minutes kept, and change of each measure."""

    kept: float
    change: Mapping[str, float]


def _burst_runs(loss: float, n_samples: int, seed: int) -> tuple[LostRun, ...]:
    """Return losses in runs of two packets on average."""
    n, rng = _HEADSET.samples_per_packet, np.random.default_rng((seed, 27))
    runs, at = [], n
    while at < n_samples:
        at += n * int(rng.geometric(loss / 2 / (1 - loss)))
        length = n * int(rng.geometric(0.5))
        if at + length < n_samples:
            runs.append(LostRun(at, length))
        at += length
    return tuple(runs)


def lossy_session(seed: int) -> dict[str, LossResult]:
    """Compare one session with itself at every loss."""
    data = simulate(
        draw_person(seed), seconds=_LOSS_S, seed=seed, montage=_MONTAGE, headset=_HEADSET, disturbances=EYES_CLOSED
    ).data
    n = data.shape[1]
    cases = {
        f"{100 * loss:.0f} % at random": lost_runs(draw_packets(RadioLink(loss=loss), _HEADSET, n, seed))
        for loss in _RANDOM
    } | {f"{100 * loss:.0f} % in runs of two": _burst_runs(loss, n, seed) for loss in _BURSTS}
    whole = compute_session_measures(as_recording(data), NO_FEEDBACK_PHASES)
    found = {
        name: compute_session_measures(as_recording(data, lost), NO_FEEDBACK_PHASES) for name, lost in cases.items()
    }
    return {name: _loss_result(whole, one) for name, one in found.items()}


def _loss_result(whole: SessionMeasures, lossy: SessionMeasures) -> LossResult:
    before, after = (regional_measures(one.whole, one, _ROWS, _BANDS) for one in (whole, lossy))
    return LossResult(
        float(lossy.n_windows.sum() / whole.n_windows.sum()), {name: after[name] - before[name] for name in before}
    )


def lost_packets(run: Run) -> list[Figure]:
    """Measure what lost packets cost a comparison."""
    people: list[dict[str, LossResult]] = run.map(lossy_session, run.people(60, 2))
    figures: list[Figure] = []
    for name in people[0]:
        judged = name in {"1 % at random", "2 % at random", "3 % at random"}
        kept = mean_of([one[name].kept for one in people])
        figures.append(figure(f"{name}: clean minutes kept", kept, at_least(0.9) if judged else None))
        biases = {power: mean_of([one[name].change[power] for one in people]) for power in POWERS}
        worst = max(biases, key=lambda power: abs(biases[power].value))
        bias = biases[worst]
        figures.append(
            figure(
                f"{name}: bias of a power, largest ({worst})", bias, between(-0.02, 0.02) if judged else None, unit="ln"
            )
        )
        for measure in ("muscle", "lzc", "permutation", "multiscale"):
            change = mean_of([one[name].change[measure] for one in people])
            figures.append(figure(f"{name}: bias of {measure}", change, unit="ln" if measure == "muscle" else "1"))
    return figures


# T26, course within an infusion

_ZERO_S, _SECONDS, _SEGMENT_S = 300.0, 900.0, 300.0
_PERSON = Person()
_INFUSION = SubstanceCourse(start_s=_ZERO_S, infusion_s=600.0, dose_mg_per_kg=0.25, half_life_s=600.0)
_CASES: dict[str, Disturbances] = {
    "brain alone": replace(CLEAN, band_drift=1.0, substance=replace(_INFUSION, effects=WITHOUT_ARTIFACTS)),
    "with muscle and nystagmus": replace(EYES_CLOSED, substance=replace(_INFUSION, effects=SubstanceEffects())),
}


@dataclass(frozen=True, slots=True)
class SegmentError:
    """One segment of one session.

    ``error`` is the measured change of ln power since before time zero, minus the realised one with its bursts.
    ``deviation`` is the measured ln power minus that of slow drift and substance, ``reference_deviation`` the same
    before time zero; ``half_width`` is that of the interval, ``muscle`` the change of the muscle row.
    """

    error: Mapping[str, float]
    deviation: Mapping[str, float]
    half_width: Mapping[str, float]
    reference_deviation: Mapping[str, float]
    muscle: float
    usable: float


@lru_cache
def _spectra() -> tuple[Floats, dict[str, Floats]]:
    """Return frequencies and, by source, the spectrum on each channel of the person without any slow process."""
    silent = replace(_PERSON, alpha_uv=0.0, theta_uv=0.0, beta_uv=0.0)

    def psd(person: Person) -> tuple[Floats, Floats]:
        found = simulate(
            person, seconds=600.0, seed=1, montage=_MONTAGE, headset=_HEADSET, disturbances=CLEAN
        ).data.astype(np.float64)
        n = round(WINDOW_S * _HEADSET.sfreq)
        windows = found[:, : found.shape[1] // n * n].reshape(len(found), -1, n)
        spectra = [_mean_psd(one) for one in windows]
        return spectra[0][0], np.array([one for _, one in spectra])

    freqs, background = psd(silent)
    loud = {
        name: np.maximum(psd(replace(silent, **{f"{name}_uv": getattr(_PERSON, f"{name}_uv")}))[1] - background, 0.0)
        for name in OSCILLATIONS
    }
    return freqs, {"background": background, **loud}


def _mean_psd(windows: Floats) -> tuple[Floats, Floats]:
    freqs, psds = window_psds(windows, _HEADSET.sfreq)
    return freqs, psds.mean(axis=0)


def realised(
    truth: SimulatedSession, times_s: Floats, settings: Settings, iaf_hz: float | None, *, bursts: bool
) -> dict[str, Floats]:
    """Return the ln power of each band that slow drift, the substance and, if wanted, bursts give each window of 4 s.

    Parameters
    ----------
    times_s : ndarray, shape (n_windows,)
        Middles of the windows, s.
    """
    freqs, spectra = _spectra()
    changes = {
        band: FEATURE_SD[band] * interpolate(truth.drifts.band_drift[band], times_s)
        + truth.substance_change(band, times_s)
        for band in BANDS
    } | {"gamma": truth.substance_change("gamma", times_s)}
    gain = 1.0 + sum(
        np.expm1(0.5 * change)[:, None] * band_gain(freqs, *BAND_HZ[band]) for band, change in changes.items()
    )
    tilt = truth.substance_change("chi", times_s)[:, None] * (-0.5 * np.log(freqs / 9.0))
    power = spectra["background"][:, None] * (gain + tilt) ** 2
    inner = np.arange(-WINDOW_S / 2, WINDOW_S / 2, 0.05)
    for name in OSCILLATIONS:
        envelope = truth.drifts.envelope[name]
        squares = np.array([np.mean(interpolate(envelope, time + inner) ** 2) if bursts else 1.0 for time in times_s])
        power = power + spectra[name][:, None] * (squares[:, None] * gain**2)
    bands = settings.bands
    iaf = bands.default_iaf_hz if iaf_hz is None else iaf_hz
    edges = {
        "delta": (bands.delta_hz, "all"),
        "theta": (bands.theta_hz(iaf), "frontal"),
        "alpha": (bands.alpha_hz(iaf), "posterior"),
        "beta": (bands.beta_hz, "all"),
        "gamma": ((settings.gate.emg_low_hz, settings.gate.emg_high_hz), "all"),
    }
    return {
        name: np.log(power[list(_ROWS[region])][..., (freqs >= low) & (freqs <= high)].mean(axis=-1)).mean(axis=0)
        for name, ((low, high), region) in edges.items()
    }


def infusion(seed: int) -> dict[str, list[SegmentError]]:
    """Simulate and measure one infusion in every case."""
    return {name: _infusion(seed, disturbances) for name, disturbances in _CASES.items()}


def _infusion(seed: int, disturbances: Disturbances) -> list[SegmentError]:
    simulated = simulate(
        _PERSON, seconds=_SECONDS, seed=seed, montage=_MONTAGE, headset=_HEADSET, disturbances=disturbances
    )
    course = compute_session_course(
        as_recording(simulated.data), time_zero_s=_ZERO_S, segment_s=_SEGMENT_S, entropies=False
    )
    times = np.arange(WINDOW_S / 2, _SECONDS, WINDOW_S)
    exact, slow = (
        realised(simulated.truth, times, _PROFILE.settings, course.iaf_hz, bursts=bursts) for bursts in (True, False)
    )
    if course.reference is None:
        raise RuntimeError("no part before time zero")
    return [_segment_error(course.reference, segment, times, exact, slow) for segment in course.segments]


def _segment_error(
    reference: CourseSegment,
    segment: CourseSegment,
    times: Floats,
    exact: Mapping[str, Floats],
    slow: Mapping[str, Floats],
) -> SegmentError:
    before, now = reference.means, segment.means
    inside = (times >= _ZERO_S + 60 * segment.start_min) & (times < _ZERO_S + 60 * segment.stop_min)
    change = {name: float(exact[name][inside].mean() - exact[name][times < _ZERO_S].mean()) for name in POWERS}
    half = {name: (now[name].high or np.nan) - now[name].mean for name in POWERS}
    return SegmentError(
        {name: now[name].mean - before[name].mean - change[name] for name in POWERS},
        {name: now[name].mean - float(slow[name][inside].mean()) for name in POWERS},
        half,
        {name: before[name].mean - float(slow[name][times < _ZERO_S].mean()) for name in POWERS},
        now["muscle"].mean - before["muscle"].mean,
        segment.usable,
    )


def course(run: Run) -> list[Figure]:
    """Measure bias and coverage of segment means during a simulated infusion."""
    sessions: list[dict[str, list[SegmentError]]] = run.map(infusion, run.people(200, 4))
    figures: list[Figure] = []
    for case in _CASES:
        runs = [one[case] for one in sessions]
        during = [segment for one in runs for segment in one[1:]]
        judged = case == "brain alone"
        for name in POWERS:
            bias = mean_of([float(np.mean([segment.error[name] for segment in one[1:]])) for one in runs])
            goal = between(-0.02, 0.02) if judged else None
            figures.append(figure(f"{case}: mean error of {name}", bias, goal, unit="ln", of="infusions"))
        muscle = mean_of([float(np.mean([segment.muscle for segment in one[1:]])) for one in runs])
        figures.append(figure(f"{case}: change of the muscle row", muscle, unit="ln", of="infusions"))
        usable = mean_of([segment.usable for segment in during])
        figures.append(figure(f"{case}: usable share", usable, of="segments"))
        everything = [segment for one in runs for segment in one]
        hits: list[bool] = []
        for name in POWERS:
            usual = float(np.mean([segment.reference_deviation[name] for segment in during]))
            inside = [abs(segment.deviation[name] - usual) <= segment.half_width[name] for segment in everything]
            hits += inside
            figures.append(figure(f"{case}: coverage of {name}", share_of(inside), of="segments"))
        goal = between(0.92, 0.98) if judged else None
        figures.append(figure(f"{case}: intervals that cover what was realised", share_of(hits), goal, of="intervals"))
    return figures


TARGETS = (
    Target(
        "T25",
        "comparison: lost packets",
        lost_packets,
        population="novices, dirty, Muse, 3 min, 12 samples a packet; each session against itself without loss",
    ),
    Target(
        "T26",
        "course of raw measures within an infusion",
        course,
        population="one person, Muse, 5 min before and 10 min of an infusion, slow drift and bursts, segments of 5 min",
    ),
)
