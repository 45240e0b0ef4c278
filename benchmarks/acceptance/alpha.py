"""T13 and T14: the alpha frequency from a baseline, and the aperiodic exponent of short windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from benchmarks.acceptance.figures import Figure, Run, Target, at_most, figure
from benchmarks.acceptance.judged_sessions import (
    SETTLE_S,
    Case,
    JudgedSession,
    Variant,
    simulate_and_count,
    simulate_case,
)
from benchmarks.acceptance.statistics import mean_of, share_of
from neurofeedback.processing.aperiodic import AperiodicFit
from neurofeedback.processing.filters import CausalFilter, prefilter_sos
from neurofeedback.processing.framing import FrameSchedule, trailing_windows
from neurofeedback.processing.spectrum import Periodogram
from neurofeedback.settings.model import Settings
from neurofeedback.simulation.disturbances import CLEAN, EYES_CLOSED
from neurofeedback.simulation.population import draw_person

_SETTINGS = Settings()


def _variants(job: tuple[int, float, float]) -> dict[str, Variant]:
    """Return the session for (seed, alpha uV, baseline s)."""
    seed, alpha_uv, baseline_s = job
    person = replace(draw_person(seed, "null"), alpha_uv=alpha_uv)
    case = Case(seed, person, EYES_CLOSED, seconds=SETTLE_S + baseline_s + 60)
    return {"session": Variant(case, baseline_s=baseline_s)}


def _found(judged: Mapping[str, JudgedSession]) -> tuple[float, float]:
    """Return the true alpha frequency and the estimated one (NaN for none), Hz."""
    session = judged["session"]
    true_hz = np.nan if session.truth is None else session.truth.person.iaf_hz
    return true_hz, np.nan if session.iaf_hz is None else session.iaf_hz


def iaf(run: Run) -> list[Figure]:
    """Estimate the alpha frequency for several amplitudes in baselines of 60 and 120 s, and without alpha."""
    out: list[Figure] = []
    people = run.people(60, 3)
    for alpha_uv in (2.0, 3.0, 5.0):
        for baseline_s in (60.0, 120.0):
            jobs = [(seed, alpha_uv, baseline_s) for seed in people]
            found = np.array(simulate_and_count(run, jobs, _variants, _found))
            where = f"alpha {alpha_uv:g} uV, {baseline_s:.0f} s"
            error = np.abs(found[:, 1] - found[:, 0])
            out.append(figure(f"{where}: mean error", mean_of(error), at_most(0.20), unit="Hz", known=".11-.18"))
            out.append(figure(f"{where}: found", share_of(np.isfinite(found[:, 1]))))
    jobs = [(500 + seed, 0.0, 120.0) for seed in run.people(200, 4)]
    none = np.array(simulate_and_count(run, jobs, _variants, _found))
    return [
        *out,
        figure("no alpha: a peak all the same", share_of(np.isfinite(none[:, 1])), at_most(0.02), known="0 of 200"),
    ]


def chi_errors(job: tuple[int, bool]) -> dict[float, tuple[float, float]]:
    """Return bias and SD of the exponent over windows of 4 and 8 s, mean over channels, for (seed, bare)."""
    seed, bare = job
    person = draw_person(seed, "null")
    if bare:
        person = replace(person, alpha_uv=0.0, theta_uv=0.0, beta_uv=0.0)
    data = simulate_case(Case(seed, person, CLEAN, seconds=300.0)).data.astype(np.float64)
    filtered = CausalFilter(prefilter_sos(256.0, _SETTINGS.filters), len(data)).process(data)
    spectrum = Periodogram(512, 256.0, 62.0)
    ends = FrameSchedule(256.0, 0.25).ends(20, 4 * 290)
    psd = spectrum(trailing_windows(filtered, ends, 512))
    fit = AperiodicFit(spectrum.freqs, person.iaf_hz, _SETTINGS.features)
    out: dict[float, tuple[float, float]] = {}
    for window_s in (4.0, 8.0):
        n_windows = round((window_s - 2.0) / 0.25) + 1
        starts = np.arange(0, len(psd) - n_windows, round(window_s / 0.25))
        chi, _ = fit(np.log(np.array([psd[start : start + n_windows].mean(axis=0) for start in starts])))
        out[window_s] = (float(chi.mean() - person.chi), float(chi.std(axis=0, ddof=1).mean()))
    return out


def exponent(run: Run) -> list[Figure]:
    """Fit the exponent with oscillations, and of the background alone."""
    out: list[Figure] = []
    for bare in (True, False):
        what = "background alone" if bare else "with alpha, theta and beta"
        found = run.map(chi_errors, [(seed, bare) for seed in run.people(40, 3)])
        for window_s, limit, known in ((4.0, 0.15, ".136"), (8.0, 0.10, ".088")):
            bias = mean_of([one[window_s][0] for one in found])
            sign = float(np.sign(bias.value))
            low, high = sorted((sign * bias.low, sign * bias.high))
            name = f"{what}, {window_s:g} s"
            out.append(Figure(f"{name}: |bias|", abs(bias.value), low, high, bias.n, goal=at_most(0.05), known=".02"))
            out.append(figure(f"{name}: SD", mean_of([one[window_s][1] for one in found]), at_most(limit), known=known))
    return out


TARGETS = (
    Target("T13", "individual alpha frequency", iaf, population="null, eyes closed with artifacts and drift, Muse"),
    Target("T14", "aperiodic exponent of short windows", exponent, population="null, clean, Muse, 5 min"),
)
