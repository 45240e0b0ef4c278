"""Learning curve of the decoder on simulated Muse sessions with engine, gate and probes.

Run ``python -m benchmarks.decoder_learning --people 30 --jobs 2 --out learning.jsonl``. Each person, half of them from
each population, has eight sessions of twenty minutes and answers probes (12 % wrong). Two more sessions are the test:
every 5 s of practice with a valid window, against the true state. The oracle is the same fit on the true states of all
those moments of the eight sessions, almost without a prior. People already in the file are not simulated again, so an
interrupted run continues. One person takes about 20 s of a core.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.acceptance.decoder import share_of_oracle
from benchmarks.acceptance.judged_sessions import PRACTICE_S, SESSION_S, Case, judge, simulate_case, stream_of
from benchmarks.acceptance.statistics import auc, mean_of, share_of
from neurofeedback.learning.decoder import Decoder, fit_decoder
from neurofeedback.learning.feature_covariance import WindowCovariance, pool_covariances
from neurofeedback.learning.labelling import BREATH, ELSEWHERE, LabelledWindow
from neurofeedback.learning.logistic_regression import fit_map
from neurofeedback.learning.session_labels import LabelCollector, zscore_columns
from neurofeedback.learning.training import decoder_feature_names
from neurofeedback.learning.training_set import SessionTrainingData, TrainingSet, build_training_set
from neurofeedback.settings.load import load_evidence, load_settings
from neurofeedback.simulation.population import Person, draw_person
from neurofeedback.simulation.probe_responses import draw_answers
from neurofeedback.simulation.simulated_meditator import SimulatedSession
from neurofeedback.simulation.states import MentalState
from neurofeedback.types import Phase, Probe

SETTINGS = load_settings()
EVIDENCE = load_evidence(SETTINGS.index.evidence)
NAMES = decoder_feature_names(SETTINGS, EVIDENCE)
N_SESSIONS, N_TEST_SESSIONS = 8, 2
ANSWERS = (0, 10, 20, 40, 80, 160)
GOALS = {20: 0.40, 40: 0.50, 80: 0.65, 160: 0.75}
_APART_S = (30.0, 60.0)
_EXAM_EVERY_S = 5.0
_SFREQ = 256.0


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSession:
    """One session: windows labelled by answers, windows with true states, and the covariance of all windows."""

    answered: tuple[LabelledWindow, ...]
    true: tuple[LabelledWindow, ...]
    covariance: WindowCovariance


def simulate_labels(person: Person, seed: int, session: int, past: WindowCovariance) -> LabelledSession:
    """Simulate one session and label its windows."""
    made = simulate_case(Case(seed * 1000 + session, person))
    collector = _collect_frames(made.data, past)
    for onset_s, codes in _probe_answers(made.truth, seed, session):
        collector.add_probe(Probe(round(onset_s * _SFREQ), codes[0], codes[1], codes[2]))
    moments = np.arange(PRACTICE_S + 60.0, SESSION_S, _EXAM_EVERY_S)
    minds = made.truth.state_at(moments)
    true = [
        collector.window_labeller.label_probe(
            Probe(round(at_s * _SFREQ), ELSEWHERE if mind == MentalState.WANDER else BREATH, 4)
        )
        for at_s, mind in zip(moments.tolist(), minds, strict=True)
        if mind != MentalState.DROWSY
    ]
    return LabelledSession(
        tuple(collector.labelled_windows), tuple(filter(None, true)), collector.window_labeller.session_covariance()
    )


def _collect_frames(data: NDArray[np.float32], past: WindowCovariance) -> LabelCollector:
    """Judge a session's samples and pass its frames to the label collector."""
    sat = judge(data, stream_of("muse"), SETTINGS)
    collector = LabelCollector.for_session(past, _SFREQ, SETTINGS, SETTINGS.spectrum.hop_s)
    z = sat.values[:, [sat.columns.index(name) for name in zscore_columns(NAMES)]].tolist()
    for onset, practice, valid, row in zip(sat.onset.tolist(), sat.practice, sat.valid, z, strict=True):
        phase = Phase.PRACTICE if practice else Phase.BASELINE
        collector.add_frame(round(onset * _SFREQ), phase, bool(valid), row)
    return collector


def _probe_answers(truth: SimulatedSession, seed: int, session: int) -> Iterable[tuple[float, tuple[int, int, int]]]:
    apart = np.random.default_rng((seed, session, 5)).uniform(*_APART_S, size=60)
    onsets = [at for at in (PRACTICE_S + np.cumsum(apart)).tolist() if at < SESSION_S]
    return zip(onsets, (answer.codes for answer in draw_answers(truth, onsets)), strict=True)


def learning_curve(seed: int) -> dict[str, float]:
    """Return the AUC in the test sessions by number of answers, and the oracle's."""
    person = draw_person(seed, "breath-novice" if seed % 2 else "probe-pooled")
    sessions: list[LabelledSession] = []
    for session in range(N_SESSIONS + N_TEST_SESSIONS):
        past = pool_covariances(
            [one.covariance for one in sessions[:N_SESSIONS]], NAMES, SETTINGS.decoder.prior_windows
        )
        sessions.append(simulate_labels(person, seed, session, past))
    training = _training_set([one.answered for one in sessions[:N_SESSIONS]], sessions)
    test = _training_set([one.true for one in sessions[N_SESSIONS:]], sessions)
    truth = _training_set([one.true for one in sessions[:N_SESSIONS]], sessions)
    found = {"seed": float(seed), "answers": float(len(training.wander)), "oracle": _auc(test, _oracle(truth))}
    for n in ANSWERS:
        if n <= len(training.wander):
            found[str(n)] = _auc(test, _train(training.subset(np.arange(len(training.wander)) < n)).weights)
    found["all"] = _auc(test, _train(training).weights)
    return found


def _training_set(labelled: Sequence[tuple[LabelledWindow, ...]], sessions: Sequence[LabelledSession]) -> TrainingSet:
    rows = [
        SessionTrainingData(str(k), float(k), "", windows, session.covariance)
        for k, (windows, session) in enumerate(zip(labelled, sessions, strict=False))
    ]
    return build_training_set(NAMES, rows)


def _train(training: TrainingSet) -> Decoder:
    return fit_decoder(training, EVIDENCE, SETTINGS.decoder, day=0.0, device="")


def _oracle(truth: TrainingSet) -> NDArray[np.float64]:
    design = np.column_stack([truth.x, np.ones(len(truth.x))])
    n = design.shape[1]
    return fit_map(design, truth.wander, np.ones(len(design)), np.zeros(n), np.full(n, 1.0)).mode[:-1]


def _auc(test: TrainingSet, weights: NDArray[np.float64]) -> float:
    score = test.x @ weights
    return float(
        np.mean(
            [auc(score[test.session_index == k], test.wander[test.session_index == k]) for k in range(N_TEST_SESSIONS)]
        )
    )


def done(path: Path | None) -> list[dict[str, float]]:
    """Return the people already simulated; an incomplete last line is skipped."""
    if path is None or not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]


def table(people: Sequence[dict[str, float]]) -> str:
    """Return the learning curve as text."""
    lines = [f"{len(people)} people, {np.median([one['answers'] for one in people]):.0f} answers learned from (median)"]
    lines.append(f"oracle: AUC {_mean(people, 'oracle')}")
    for name in (*map(str, ANSWERS), "all"):
        there = [one for one in people if name in one]
        if len(there) < 2:
            continue
        share, goal = share_of_oracle(there, name), GOALS.get(int(name) if name.isdigit() else -1)
        verdict = "" if goal is None else f"; goal {goal:.2f}: {'met' if share.value >= goal else 'short'}"
        text = f"{share.value:.2f} ({share.low:.2f} to {share.high:.2f})"
        lines.append(f"{name:>4} answers: AUC {_mean(there, name)}; share {text}, {len(there)} people{verdict}")
    against = [one["40"] > 0.5 for one in people if one["0"] < 0.5 and one["oracle"] > 0.55 and "40" in one]
    corrected = share_of(against)
    lines.append(
        f"wrong direction before any answer: {corrected.n}; of them right after 40: "
        f"{corrected.value:.2f} ({corrected.low:.2f} to {corrected.high:.2f})"
    )
    return "\n".join(lines)


def _mean(people: Sequence[dict[str, float]], name: str) -> str:
    mean = mean_of([one[name] for one in people])
    return f"{mean.value:.3f} ({mean.low:.3f} to {mean.high:.3f})"


def main() -> None:
    """Simulate the missing people, then print the learning curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, help="one line of JSON for each person; an existing file is continued")
    options = parser.parse_args()
    people = [one for one in done(options.out) if one["seed"] <= options.people]
    missing = sorted(set(range(1, options.people + 1)) - {int(one["seed"]) for one in people})
    with ProcessPoolExecutor(options.jobs) as pool:
        for future in as_completed([pool.submit(learning_curve, seed) for seed in missing]):
            people.append(future.result())
            if options.out is not None:
                with options.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(people[-1]) + "\n")
    print(table(people))


if __name__ == "__main__":
    main()
