"""How fast the decoder learns a person from a Muse's signal and answers: simulated EEG, engine, gate and probes.

Run ``python -m benchmarks.decoder_learning --people 30 --jobs 2 --out learning.jsonl``. Each person, half of them from
each population, sits eight times for twenty minutes and answers questions (12 % wrong); two more sittings are the
exam: every 5 s of practice whose window has signal, against the true state. Beside it stands an oracle: the same fit
on the true states of all those moments of the eight sittings, with next to no prior. People that are in the file
already are not simulated again, so a run that broke off goes on. One person takes some 20 s of a core.
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
from neurofeedback.learning.labelling import BREATH, ELSEWHERE, LabelledWindow
from neurofeedback.learning.logistic_regression import fit_map
from neurofeedback.learning.session_labels import LabelCollector, zscore_columns
from neurofeedback.learning.training import decoder_feature_names
from neurofeedback.learning.training_set import SessionTrainingData, TrainingSet, build_training_set
from neurofeedback.learning.window_covariance import WindowCovariance, pool_covariances
from neurofeedback.settings.load import load_evidence, load_settings
from neurofeedback.simulation.population import Person, draw_person
from neurofeedback.simulation.probe_responses import draw_answers
from neurofeedback.simulation.simulated_session import SimulatedSession
from neurofeedback.simulation.states import MentalState
from neurofeedback.types import Phase, Probe

SETTINGS = load_settings()
EVIDENCE = load_evidence(SETTINGS.index.evidence)
NAMES = decoder_feature_names(SETTINGS, EVIDENCE)
SITTINGS, EXAMS = 8, 2
ANSWERS = (0, 10, 20, 40, 80, 160)
GOALS = {20: 0.40, 40: 0.50, 80: 0.65, 160: 0.75}
_APART_S = (30.0, 60.0)
_EXAM_EVERY_S = 5.0
_SFREQ = 256.0


@dataclass(frozen=True, slots=True, eq=False)
class Sitting:
    """What came of one: lessons from answers, lessons with the true state of moments all along, and its windows."""

    answered: tuple[LabelledWindow, ...]
    true: tuple[LabelledWindow, ...]
    varied: WindowCovariance


def sit_once(person: Person, seed: int, session: int, past: WindowCovariance) -> Sitting:
    """Simulate one sitting and let it teach."""
    made = simulate_case(Case(seed * 1000 + session, person))
    pupil = _watched(made.data, past)
    for onset_s, given in _answered(made.truth, seed, session):
        pupil.add_probe(Probe(round(onset_s * _SFREQ), given[0], given[1], given[2]))
    moments = np.arange(PRACTICE_S + 60.0, SESSION_S, _EXAM_EVERY_S)
    minds = made.truth.state_at(moments)
    true = [
        pupil.window_labeller.label_probe(
            Probe(round(at_s * _SFREQ), ELSEWHERE if mind == MentalState.WANDER else BREATH, 4)
        )
        for at_s, mind in zip(moments.tolist(), minds, strict=True)
        if mind != MentalState.DROWSY
    ]
    return Sitting(tuple(pupil.labelled_windows), tuple(filter(None, true)), pupil.window_labeller.session_covariance())


def _watched(data: NDArray[np.float32], past: WindowCovariance) -> LabelCollector:
    """Run a sitting's samples through the engine, and show its frames to the labelling."""
    sat = judge(data, stream_of("muse"), SETTINGS)
    pupil = LabelCollector.for_session(past, _SFREQ, SETTINGS, SETTINGS.spectrum.hop_s)
    z = sat.values[:, [sat.columns.index(name) for name in zscore_columns(NAMES)]].tolist()
    for onset, practice, valid, row in zip(sat.onset.tolist(), sat.practice, sat.valid, z, strict=True):
        phase = Phase.PRACTICE if practice else Phase.BASELINE
        pupil.add_frame(round(onset * _SFREQ), phase, bool(valid), row)
    return pupil


def _answered(truth: SimulatedSession, seed: int, session: int) -> Iterable[tuple[float, tuple[int, int, int]]]:
    apart = np.random.default_rng((seed, session, 5)).uniform(*_APART_S, size=60)
    onsets = [at for at in (PRACTICE_S + np.cumsum(apart)).tolist() if at < SESSION_S]
    return zip(onsets, (answer.codes for answer in draw_answers(truth, onsets)), strict=True)


def learned_by(seed: int) -> dict[str, float]:
    """AUC in the exam after so many answers, and the oracle's."""
    person = draw_person(seed, "breath-novice" if seed % 2 else "probe-pooled")
    sittings: list[Sitting] = []
    for session in range(SITTINGS + EXAMS):
        past = pool_covariances([one.varied for one in sittings[:SITTINGS]], NAMES, SETTINGS.decoder.prior_windows)
        sittings.append(sit_once(person, seed, session, past))
    course = _course([one.answered for one in sittings[:SITTINGS]], sittings)
    exam = _course([one.true for one in sittings[SITTINGS:]], sittings)
    truth = _course([one.true for one in sittings[:SITTINGS]], sittings)
    found = {"seed": float(seed), "answers": float(len(course.wander)), "oracle": _auc(exam, _oracle(truth))}
    for n in ANSWERS:
        if n <= len(course.wander):
            found[str(n)] = _auc(exam, _fitted(course.subset(np.arange(len(course.wander)) < n)).weights)
    found["all"] = _auc(exam, _fitted(course).weights)
    return found


def _course(lessons: Sequence[tuple[LabelledWindow, ...]], sittings: Sequence[Sitting]) -> TrainingSet:
    rows = [
        SessionTrainingData(str(k), float(k), "", taught, sitting.varied)
        for k, (taught, sitting) in enumerate(zip(lessons, sittings, strict=False))
    ]
    return build_training_set(NAMES, rows)


def _fitted(course: TrainingSet) -> Decoder:
    return fit_decoder(course, EVIDENCE, SETTINGS.decoder, day=0.0, device="")


def _oracle(truth: TrainingSet) -> NDArray[np.float64]:
    design = np.column_stack([truth.x, np.ones(len(truth.x))])
    n = design.shape[1]
    return fit_map(design, truth.wander, np.ones(len(design)), np.zeros(n), np.full(n, 1.0)).mode[:-1]


def _auc(exam: TrainingSet, weights: NDArray[np.float64]) -> float:
    score = exam.x @ weights
    return float(
        np.mean([auc(score[exam.session_index == k], exam.wander[exam.session_index == k]) for k in range(EXAMS)])
    )


def done(path: Path | None) -> list[dict[str, float]]:
    """Read the people already simulated; a torn last line is left out."""
    if path is None or not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]


def table(people: Sequence[dict[str, float]]) -> str:
    """Lay out the learning curve."""
    lines = [f"{len(people)} people, {np.median([one['answers'] for one in people]):.0f} answers learned from (median)"]
    lines.append(f"oracle: AUC {_mean(people, 'oracle')}")
    for name in (*map(str, ANSWERS), "all"):
        there = [one for one in people if name in one]
        if len(there) < 2:
            continue
        share, goal = share_of_oracle(there, name), GOALS.get(int(name) if name.isdigit() else -1)
        held = "" if goal is None else f"; goal {goal:.2f}: {'met' if share.value >= goal else 'short'}"
        text = f"{share.value:.2f} ({share.low:.2f} to {share.high:.2f})"
        lines.append(f"{name:>4} answers: AUC {_mean(there, name)}; share {text}, {len(there)} people{held}")
    against = [one["40"] > 0.5 for one in people if one["0"] < 0.5 and one["oracle"] > 0.55 and "40" in one]
    turned = share_of(against)
    lines.append(
        f"misled before any answer: {turned.n}; of them right side up after 40: "
        f"{turned.value:.2f} ({turned.low:.2f} to {turned.high:.2f})"
    )
    return "\n".join(lines)


def _mean(people: Sequence[dict[str, float]], name: str) -> str:
    mean = mean_of([one[name] for one in people])
    return f"{mean.value:.3f} ({mean.low:.3f} to {mean.high:.3f})"


def main() -> None:
    """Simulate the people that are missing, then print the curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, help="one line of JSON for each person; goes on where it ended")
    given = parser.parse_args()
    people = [one for one in done(given.out) if one["seed"] <= given.people]
    missing = sorted(set(range(1, given.people + 1)) - {int(one["seed"]) for one in people})
    with ProcessPoolExecutor(given.jobs) as pool:
        for future in as_completed([pool.submit(learned_by, seed) for seed in missing]):
            people.append(future.result())
            if given.out is not None:
                with given.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(people[-1]) + "\n")
    print(table(people))


if __name__ == "__main__":
    main()
