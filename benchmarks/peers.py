"""Comparison of the index with other programs' scores on the same signals: AUC, and effects of artifacts.

Run ``python -m benchmarks.peers``; it writes docs/peers.md and its plots. BrainFlow's scores come from BrainFlow's own
model on its own band powers; muse-lsl's is computed as its neurofeedback example does.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from brainflow.data_filter import DataFilter
from brainflow.ml_model import BrainFlowClassifiers, BrainFlowMetrics, BrainFlowModelParams, MLModel
from numpy.typing import NDArray

from benchmarks.acceptance.effects import person_case
from benchmarks.acceptance.evaluation import leave_one_out
from benchmarks.acceptance.invariance import blinks, bursts, calm_case
from benchmarks.acceptance.judged_sessions import (
    PRACTICE_S,
    Case,
    JudgedSession,
    judge,
    simulate_case,
    stream_of,
    with_evidence,
)
from benchmarks.acceptance.real import DATA
from benchmarks.acceptance.results import ROOT, commit, machine
from benchmarks.acceptance.statistics import Estimate, auc, mean_of
from neurofeedback.formats.importers import import_file
from neurofeedback.processing.spectrum import Periodogram, in_band
from neurofeedback.settings.montages import infer_montage
from neurofeedback.simulation.disturbances import EYES_CLOSED, EYES_OPEN
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.states import MentalState
from neurofeedback.types import StreamInfo

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Measure = Callable[[Floats, float], tuple[float, ...]]
_EVERY_S, _WINDOW_S, _TAU_S = 1.0, 5.0, 4.0
_EYES_S, _CHANGE_S = 300.0, 10.0
_BANDS = {"delta": (1.0, 4.0), "theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (13.0, 30.0)}
OURS = "this program"


@cache
def _model(metric: BrainFlowMetrics) -> MLModel:
    MLModel.disable_ml_logger()
    model = MLModel(BrainFlowModelParams(metric.value, BrainFlowClassifiers.DEFAULT_CLASSIFIER.value))
    model.prepare()
    return model


def brainflow_scores(window: Floats, sfreq: float) -> tuple[float, float]:
    """Return BrainFlow's MINDFULNESS and RESTFULNESS of one window ``(n_channels, n_samples)``, uV."""
    rows = list(range(len(window)))
    powers, _ = DataFilter.get_avg_band_powers(np.ascontiguousarray(window), rows, int(sfreq), True)
    mindful, restful = (
        float(_model(metric).predict(powers)[0])
        for metric in (BrainFlowMetrics.MINDFULNESS, BrainFlowMetrics.RESTFULNESS)
    )
    return mindful, restful


def band_powers(window: Floats, sfreq: float) -> dict[str, Floats]:
    """Mean density of each band in 2-s Hann windows, half overlapping, ``(n_channels,)``."""
    n = round(2 * sfreq)
    spectrum = Periodogram(n, sfreq, 45.0)
    starts = range(0, window.shape[1] - n + 1, n // 2)
    psd = np.mean([spectrum(window[:, start : start + n]) for start in starts], axis=0)
    return {name: psd[:, in_band(spectrum.freqs, *band)].mean(axis=1) for name, band in _BANDS.items()}


def _ratios(window: Floats, sfreq: float) -> tuple[float, float]:
    powers = {name: np.float64(power.mean()) for name, power in band_powers(window, sfreq).items()}
    return float(powers["theta"] / powers["beta"]), float(powers["alpha"] / powers["theta"])


def _muse_lsl(window: Floats, sfreq: float) -> tuple[float]:
    """Divide log10 alpha by log10 delta of one ear channel: Hamming, epochs of 1 s every 0.2 s, mean of 5 s."""
    n = int(sfreq)
    epochs = np.stack([window[0, at : at + n] for at in range(0, window.shape[1] - n + 1, n // 5)])
    centred = (epochs - epochs.mean(axis=1, keepdims=True)) * np.hamming(n)
    psd = 2 * np.abs(np.fft.rfft(centred, axis=1) / n)
    freqs = np.fft.rfftfreq(n, 1 / sfreq)
    delta = np.log10(psd[:, freqs < 4].mean(axis=1)).mean()
    return (float(np.log10(psd[:, (freqs >= 8) & (freqs <= 12)].mean(axis=1)).mean() / delta),)


PEERS = {
    "BrainFlow MINDFULNESS": -1,
    "BrainFlow RESTFULNESS": -1,
    "theta/beta": 1,
    "alpha/theta": -1,
    "muse-lsl alpha/delta": -1,
}
"""Each score of other programs, and the sign with which it should rise with wandering."""
_MEASURES: tuple[Measure, ...] = (brainflow_scores, _ratios, _muse_lsl)


def measured(window: Floats, sfreq: float) -> dict[str, float]:
    """Return every score of one window ``(n_channels, n_samples)``."""
    with np.errstate(all="ignore"):
        values = [value for measure in _MEASURES for value in measure(window, sfreq)]
    return dict(zip(PEERS, values, strict=True))


def updates(
    data: NDArray[np.float32], sfreq: float, delivered: NDArray[np.bool_] | None = None
) -> tuple[Floats, dict[str, Floats]]:
    """Return every score once a second on the newest five delivered seconds: times (s) and values."""
    times = np.arange(_WINDOW_S, data.shape[1] / sfreq, _EVERY_S)
    n = round(_WINDOW_S * sfreq)
    ends = np.round(times * sfreq).astype(int)
    known = data.astype(np.float64)
    if delivered is not None:
        ends, known = np.cumsum(delivered)[ends - 1], known[:, delivered]
    rows = [measured(known[:, end - n : end], sfreq) for end in ends.tolist()]
    return times, {name: np.array([row[name] for row in rows]) for name in PEERS}


def smoothed(values: Floats) -> Floats:
    """Return values smoothed like this program's index (4 s); values that are not finite are skipped."""
    step, out, last = 1 - np.exp(-_EVERY_S / _TAU_S), np.empty_like(values), np.nan
    for place, value in enumerate(values.tolist()):
        if np.isfinite(value):
            last = value if np.isnan(last) else last + step * (value - last)
        out[place] = last
    return out


def score_person(case: Case) -> dict[str, float]:
    """AUC of wandering against focus in practice, peers smoothed like the index, all on the frames that are valid."""
    made = simulate_case(case)

    def labels(times: Floats) -> tuple[Flags, Flags]:
        minds = made.truth.state_at(times)
        return minds == MentalState.WANDER, np.isin(minds, (MentalState.FOCUS, MentalState.WANDER))

    return _scored(made.data, stream_of(case.family), labels)


def score_eyes(seed: int) -> dict[str, float]:
    """AUC of open against closed eyes: five minutes each after the baseline, the same person without any effect."""
    person, closed_s = draw_person(6500 + seed, "null"), PRACTICE_S + _EYES_S
    closed = simulate_case(Case(6500 + seed, person, EYES_CLOSED, seconds=closed_s))
    opened = simulate_case(Case(7500 + seed, person, EYES_OPEN, seconds=_EYES_S))

    def labels(times: Floats) -> tuple[Flags, Flags]:
        return times > closed_s, np.abs(times - closed_s) > _CHANGE_S

    return _scored(np.concatenate([closed.data, opened.data], axis=1), stream_of("muse"), labels)


def _scored(
    data: NDArray[np.float32], stream: StreamInfo, labels: Callable[[Floats], tuple[Flags, Flags]]
) -> dict[str, float]:
    """Return the AUC of every measure; ``labels`` returns for times (s) which are positive and which count."""
    times, values = updates(data, stream.sfreq)
    positive, counted = labels(times)
    out: dict[str, float] = {}
    sessions = {f"{OURS}, {name}": judge(data, stream, with_evidence(name)) for name in ("default", "breath-novice")}
    reference = next(iter(sessions.values()))
    at = np.clip(np.searchsorted(reference.onset, times), 0, len(reference.onset) - 1)
    counted_at = reference.judged[at] & counted & (times > PRACTICE_S)
    for name, session in sessions.items():
        both = counted_at & session.judged[at]
        out[name] = auc(session.u[at][both], positive[both])
    for name, sign in PEERS.items():
        value = sign * smoothed(values[name])
        both = counted_at & np.isfinite(value)
        out[name] = auc(value[both], positive[both])
    return out


@dataclass(frozen=True, slots=True)
class Shown:
    """Share of updates outside the clean range, not finite or without new samples; share of frames withheld."""

    outside: float
    withheld: float


_STALLS = tuple((float(at), 8.0) for at in range(180, 880, 60))


def _disturbed(seed: int) -> dict[str, NDArray[np.float32]]:
    calm = simulate_case(calm_case(seed)).data
    flat, holed, stalled = calm.copy(), calm.copy(), calm.copy()
    flat[0, round(PRACTICE_S * 256) :] = flat[0, round(PRACTICE_S * 256)]
    packets = np.random.default_rng((seed, 11)).random(calm.shape[1] // 12 + 1) < 0.02
    lost = np.repeat(packets, 12)[: calm.shape[1]]
    lost[: round(PRACTICE_S * 256)] = False
    holed[:, lost] = np.nan
    for start_s, seconds in _STALLS:
        stalled[:, round(start_s * 256) : round((start_s + seconds) * 256)] = np.nan
    return {
        "clean": calm,
        "blinks 15/min": simulate_case(calm_case(seed, blinks(seed, PRACTICE_S))).data,
        "muscle 2 s in 10 s": simulate_case(calm_case(seed, bursts(seed, PRACTICE_S))).data,
        "one flat channel": flat,
        "2 % of packets NaN": holed,
        "stalls of 8 s": stalled,
    }


def moved_person(seed: int) -> dict[str, dict[str, Shown]]:
    """Compare every disturbance with the clean range of the same session, by measure."""
    out: dict[str, dict[str, Shown]] = {}
    ranges: dict[str, tuple[float, float]] = {}
    for name, data in _disturbed(seed).items():
        session = judge(data, stream_of("muse"))
        stalls = name == "stalls of 8 s"
        times, values = updates(data, 256.0, ~np.isnan(data[0]) if stalls else None)
        practice = times > PRACTICE_S
        if name == "clean":
            ranges[OURS] = _range(session.u[session.judged])
            ranges |= {peer: _range(value[practice]) for peer, value in values.items()}
        stall = _in_stall(times[practice]) & stalls
        row = {OURS: _ours(session, ranges[OURS], stalls=stalls)}
        for peer, value in values.items():
            row[peer] = Shown(float(np.mean(_out(value[practice], ranges[peer]) | stall)), 0.0)
        out[name] = row
    return out


def _in_stall(times: Floats) -> NDArray[np.bool_]:
    return np.any([(times > start) & (times <= start + seconds) for start, seconds in _STALLS], axis=0)


def _ours(session: JudgedSession, limits: tuple[float, float], *, stalls: bool) -> Shown:
    shown = session.judged & (~_in_stall(session.onset) | ~stalls)
    wrong = session.judged & _in_stall(session.onset) if stalls else np.zeros_like(shown)
    thrown = (_out(session.u, limits) & shown) | wrong
    return Shown(
        float(thrown.sum() / max(1, (shown | wrong).sum())), float(1 - session.judged.sum() / session.practice.sum())
    )


def _range(values: Floats) -> tuple[float, float]:
    low, high = np.nanquantile(values, (0.05, 0.95))
    return float(low), float(high)


def _out(values: Floats, limits: tuple[float, float]) -> NDArray[np.bool_]:
    return ~((values >= limits[0]) & (values <= limits[1]))  # true for NaN


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One person at rest and at arithmetic: features of 4-s windows ``(n, n_features)``, and the measures."""

    x: Floats
    y: NDArray[np.bool_]
    measures: dict[str, Floats]


def task(subject: int) -> Task:
    """Read one person's two recordings. A label is true for arithmetic."""
    xs, ys = [], []
    measures: dict[str, list[float]] = {name: [] for name in PEERS}
    for part, label in ((1, False), (2, True)):
        recording = import_file(DATA / "rest_vs_arithmetic" / f"Subject{subject:02d}_{part}.edf")
        names = [name for name in recording.stream.ch_names if name != "A2-A1"]
        rows = [recording.stream.ch_names.index(name) for name in names]
        data = recording.read_samples(0, recording.n_samples).astype(np.float64)[rows]
        sfreq, n = recording.stream.sfreq, round(4 * recording.stream.sfreq)
        regions = infer_montage(tuple(names))
        for start in range(0, data.shape[1] - n + 1, n):
            window = data[:, start : start + n]
            xs.append(_features(window, sfreq, regions.rows("frontal"), regions.rows("posterior")))
            ys.append(label)
            for name, value in measured(window, sfreq).items():
                measures[name].append(value)
    x = np.array(xs)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    return Task(x, np.array(ys), {name: np.array(values) for name, values in measures.items()})


def _features(window: Floats, sfreq: float, frontal: Sequence[int], posterior: Sequence[int]) -> list[float]:
    """Ln power: theta frontal, alpha posterior, beta all; gamma (30-44 Hz) all comes last."""
    n = round(2 * sfreq)
    spectrum = Periodogram(n, sfreq, 45.0)
    psd = np.mean([spectrum(window[:, at : at + n]) for at in (0, n // 2, n)], axis=0)
    bands = (((4.0, 7.5), frontal), ((8.0, 13.0), posterior), ((14.0, 28.0), None), ((30.0, 44.0), None))
    return [
        float(np.log(psd[:, in_band(spectrum.freqs, *band)][slice(None) if rows is None else list(rows)].mean()))
        for band, rows in bands
    ]


def arithmetic() -> dict[str, Estimate]:
    """AUC within each person for arithmetic against rest; weights always from the other five."""
    tasks = [task(subject) for subject in range(6)]
    x = np.concatenate([one.x for one in tasks])
    y = np.concatenate([one.y for one in tasks])
    people = np.repeat(np.arange(len(tasks)), [len(one.y) for one in tasks])
    out: dict[str, Estimate] = {}
    for name, columns in (("theta, alpha, beta (others' weights)", 3), ("the same and gamma (others' weights)", 4)):
        scores = leave_one_out(x[:, :columns], y, people)
        out[name] = mean_of([auc(scores[people == p], y[people == p]) for p in range(len(tasks))])
    expected = x[:, 2] - x[:, 0]  # beta up, theta down: the index's own direction for a mind at work
    out[f"{OURS}: breath-novice weights, fixed"] = mean_of(
        [auc(expected[people == p], y[people == p]) for p in range(len(tasks))]
    )
    for name, sign in PEERS.items():
        out[name] = mean_of([auc(-sign * one.measures[name], one.y) for one in tasks])
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=16)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    with ProcessPoolExecutor(options.jobs) as pool:
        results = measure(options.people, lambda function, items: list(pool.map(function, items)))
    folder = ROOT / "docs"
    (folder / "peers.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    from benchmarks import peers_page  # matplotlib is slow to import

    peers_page.write(results, folder)
    print(f"wrote {folder / 'peers.md'}")


def measure(people: int, apply: Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]]) -> dict[str, Any]:
    """Return all tables as plain values."""
    seeds = range(1, people + 1)
    scores: dict[str, dict[str, Any]] = {}
    populations = {
        "fixed effects": ("fixed", 1.0),
        "breath-novice": ("breath-novice", 1.0),
        "probe-pooled": ("probe-pooled", 1.0),
        "no effect": ("null", 1.0),
    }
    for title, (population, scale) in populations.items():
        cases = [person_case(6000 + seed, population, scale=scale) for seed in seeds]
        cases = [replace(case, seconds=900.0) for case in cases]
        scores[title] = _means(apply(score_person, cases))
    eyes = _means(apply(score_eyes, list(seeds)))
    thrown = apply(moved_person, list(seeds)[: max(2, people // 2)])
    table = {
        name: {
            peer: {
                "outside": _plain(mean_of([one[name][peer].outside for one in thrown])),
                "withheld": _plain(mean_of([one[name][peer].withheld for one in thrown])),
            }
            for peer in (OURS, *PEERS)
        }
        for name in thrown[0]
    }
    tasks = {name: _plain(value) for name, value in arithmetic().items()} if DATA.is_dir() else {}
    return {"machine": machine(), "commit": commit(), "auc": scores, "eyes": eyes, "thrown": table, "arithmetic": tasks}


def _means(people: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    return {name: _plain(mean_of([one[name] for one in people])) for name in people[0]}


def _plain(estimate: Estimate) -> dict[str, float | int | None]:
    values = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    plain = {key: round(value, 4) if np.isfinite(value) else None for key, value in values.items()}
    return {**plain, "n": estimate.n}


if __name__ == "__main__":
    main()
