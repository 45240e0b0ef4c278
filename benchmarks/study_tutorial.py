"""A study with simulated people, played through: protocol, allocation, visits at two sites, merge, unlocking, test.

    python -m benchmarks.study_tutorial FOLDER [--people 24] [--visits 8] [--difference 0.8] [--minutes 4]
    python -m benchmarks.study_tutorial FOLDER --repeat 100 [--difference 0]

The first form records every visit as a masked session with a simulated headset, as fast as the computer can. The second
form repeats the study and writes the answers of each visit without a signal; all other steps are the same. It prints in
how many studies the primary test rejects, beside the power that ``study power`` states. Everything is invented: who has
which share of wandering is drawn by the model of ``study power``, and the arm changes it by the given difference.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import tomli_w
from numpy.typing import NDArray
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.tools.sm_exceptions import ConvergenceWarning, SingularMatrixWarning

from neurofeedback.acquisition.simulated import SimulatedSource
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.dataset import ensure_dataset, register_participant
from neurofeedback.recording.facts.session_facts import SessionFacts, write_facts
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.session import Session
from neurofeedback.simulation.population import DwellTimes, draw_person
from neurofeedback.study import sealing
from neurofeedback.study.allocation import allocate, draw_blocks, install_allocation
from neurofeedback.study.donors import DonorPool, write_donors
from neurofeedback.study.enrolment import EnrolmentRequest, arm_record, enrol, unlock, unlocked_arms
from neurofeedback.study.guesses import save_guess
from neurofeedback.study.masked.played import check_played
from neurofeedback.study.masked.visit import find_due_visit, open_visit
from neurofeedback.study.merging.merge import MergeOptions, merge_datasets
from neurofeedback.study.protocol import Protocol, protocol_path, study_folder
from neurofeedback.study.protocol_lock import freeze_protocol, frozen_protocol
from neurofeedback.study.results.crednf import count_sentence, write_checklist
from neurofeedback.study.results.long_table import write_table
from neurofeedback.study.results.power import (
    PowerResult,
    compare_groups,
    draw_shares,
    empirical_logit,
    simulate_power,
    visit_contrast,
)
from neurofeedback.study.results.primary_test import PrimaryResult, primary_test
from neurofeedback.study.session_table import study_sessions
from neurofeedback.verification.check_facts import check_record
from neurofeedback.verification.check_result import CheckStatus

BY = "simulation"
SITES = {"A": 1, "B": 101}
"""Sites with their first participant number."""
_EVERY_DAYS = 3
_PROBE_EVERY_S = 14.0
_MEAN_EPISODE_S = 6.0
_N_DONORS_MORE = 2
_N_PILOT_SITTINGS = 3  # for each donor: a sitting with too much artifact cannot be one
_N_ANSWERS = 12
_N_ALONE = 2000
_ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class StudySize:
    """Size of a simulated study.

    Parameters
    ----------
    people, visits : int
        People in both arms together, half of them at each site, and visits of each.
    difference : float
        Difference of the arms in the change from the first visit to the last, logits.
    minutes : float
        Length of a recorded visit, min; 0 for answers without a signal.
    """

    people: int = 24
    visits: int = 8
    difference: float = 0.8
    minutes: float = 4.0


@dataclass(frozen=True, slots=True)
class StudyOutcome:
    """What a study found: primary test, slope difference and p of the mixed model, and the merged dataset."""

    primary: PrimaryResult
    mixed_difference: float
    mixed_p: float
    root: Path
    checklist: str


def protocol_document(size: StudySize) -> dict[str, object]:
    """Return the protocol of the tutorial: two arms, two sites, masked, yoked sham."""
    visits = [
        {
            "name": f"v{number}",
            "day": _EVERY_DAYS * (number - 1),
            "early_days": 1,
            "late_days": 1,
            "programme": "short.toml",
            "ask_guess": number == size.visits,
        }
        for number in range(1, size.visits + 1)
    ]
    return {
        "name": "tutorial",
        "title": "Neurofeedback and breath meditation: a simulated, sham-controlled study",
        "version": "1",
        "design": "parallel",
        "block_sizes": [2, 4],
        "arms": [{"name": "real", "feedback": ["real"]}, {"name": "sham", "feedback": ["sham"]}],
        "sites": [{"name": name, "first": first, "last": first + 98} for name, first in SITES.items()],
        "visits": visits,
        "instructions": [{"version": "1", "text": "Follow your breath. The sound is quieter when your mind is on it."}],
        "exclusions": [{"name": "little-signal", "rule": "valid_fraction < 0.2"}],
        "outcome": {"difference": size.difference, "source": "invented, for the tutorial"},
        "sample": {"per_arm": size.people // 2, "justification": "as many as the tutorial shows"},
        "sham": {"kind": "yoked", "donors": "donors.json", "min_donors": 2},
    }


def plan_study(folder: Path, size: StudySize, seed: int) -> dict[str, Path]:
    """Write and freeze the protocol, copy it to the second laptop, allocate, install; return the datasets by site."""
    roots = {name: folder / f"site-{name}" for name in SITES}
    first = roots["A"]
    study_folder(first).mkdir(parents=True)
    protocol_path(first).write_text(tomli_w.dumps(protocol_document(size)), encoding="utf-8")
    minutes = max(size.minutes, 0.5)
    (study_folder(first) / "short.toml").write_text(
        f'name = "short"\ntitle = "Short"\nminutes = {minutes}\n\n[[segments]]\n\n[[segments]]\nphase = "rest"\n'
        f"minutes = {minutes / 8}\n",
        encoding="utf-8",
    )
    _write_pool(folder, study_folder(first) / "donors.json", size, seed)
    freeze_protocol(first, BY)
    for name, root in roots.items():
        if root != first:
            shutil.copytree(study_folder(first), study_folder(root))
        ensure_dataset(root)
        keeper = folder / f"keeper-{name}"
        allocate(root, name, keeper, by="keeper", random=Random(seed))  # noqa: S311 - so that a study can be repeated
        install_allocation(root, keeper, by=BY)
    return roots


def _write_pool(folder: Path, path: Path, size: StudySize, seed: int) -> None:
    """Write the donors: a pilot of other people, or invented series where nothing is recorded."""
    n = size.visits + _N_DONORS_MORE
    if size.minutes:
        for number in range(_N_PILOT_SITTINGS * n):
            of_person = 1000 * seed + number  # other people, so that one with a poor signal is not all of them
            at = datetime(2026, 10, 1, 10).astimezone()
            config = _session_config(folder / "pilot", f"{900 + number}", at, of_person)
            _run(replace(config, minutes=size.minutes), 0.33)
        write_donors(folder / "pilot", path, min_s=20.0 * size.minutes)
        return
    rng = np.random.default_rng([seed, 1])
    donors = tuple(
        {"participant": f"D{k}", "session": "1", "u": tuple(np.cumsum(rng.normal(0, 0.3, 200)).round(6).tolist())}
        for k in range(n)
    )
    pool = DonorPool.model_validate({"hop_s": 0.25, "min_s": 1.0, "donors": donors})
    path.write_text(pool.model_dump_json(), encoding="utf-8")


def play_study(folder: Path, size: StudySize, seed: int) -> StudyOutcome:
    """Play a study through, and return what it found."""
    roots = plan_study(folder, size, seed)
    protocol, _ = frozen_protocol(roots["A"])
    rng = np.random.default_rng([seed, 2])
    for site, root in roots.items():
        people = [f"{SITES[site] + k:02d}" for k in range(size.people // len(roots))]
        shares = [_enrol_person(root, protocol, participant, size, rng) for participant in people]
        for visit in range(1, size.visits + 1):
            for participant, of_person in zip(people, shares, strict=True):
                _play_visit(root, participant, visit, float(of_person[visit - 1]), size=size, rng=rng)
        for participant in people:
            guess = ("real", "sham", "unknown")[int(rng.integers(3))]
            save_guess(root, participant, f"v{size.visits}", "participant", {"guess": guess, "sure": 3})
    merged = folder / "merged"
    merge_datasets(list(roots.values()), merged, MergeOptions(BY), _day_of(size.visits).date())
    _check(merged, recorded=size.minutes > 0)
    unlock(merged, by=BY, why="end of the study")
    table = folder / "long.csv"
    write_table(merged, "session", table)
    found = primary_test(protocol, study_sessions(merged, protocol), unlocked_arms(merged) or {})
    if found is None:
        raise SystemExit("too few people for a test")
    difference, p = fit_mixed_model(table)
    items = write_checklist(merged, folder / "crednf.html")
    return StudyOutcome(found, difference, p, merged, count_sentence(items))


def _day_of(visit: int) -> datetime:
    """Return when a visit is held, by its number; the first is today, when the protocol is frozen."""
    today = datetime.now().astimezone().replace(hour=10, minute=0, second=0, microsecond=0)
    return today + timedelta(days=_EVERY_DAYS * (visit - 1))


def _enrol_person(
    root: Path, protocol: Protocol, participant: str, size: StudySize, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Enrol a person, and return the share of wandering at each visit, which the arm changes."""
    enrol(root, EnrolmentRequest(participant, {}, "v1", BY, person=f"person {participant}"))
    half = size.difference / 2 if arm_record(root, participant).arm == "real" else -size.difference / 2
    return draw_shares(protocol.outcome, size.visits, 1, half, rng)[0]


def _play_visit(
    root: Path, participant: str, visit: int, share: float, *, size: StudySize, rng: np.random.Generator
) -> None:
    """Play the visit of a person on its day."""
    at = _day_of(visit)
    if not size.minutes:
        write_answers(root, participant, at, f"v{visit}", rng.binomial(_N_ANSWERS, share))
        return
    due = find_due_visit(root, participant, "", at.date())
    config = _session_config(root, participant, at, int(rng.integers(2**31)))
    facts = SessionFacts(visit=due.visit.name)
    _run(replace(config, programme=due.programme, facts=facts, study=open_visit(root, due)), share)


def _session_config(root: Path, participant: str, at: datetime, seed: int) -> SessionConfig:
    return SessionConfig(
        f"simulated:{seed}",
        root,
        participant,
        audio="none",
        seed=seed,
        fast=True,
        start_time=at,
        probe_interval_s=_PROBE_EVERY_S,
    )


def _run(config: SessionConfig, share: float) -> None:
    """Record a session of a person who wanders for this share of the time."""
    dwell = DwellTimes(2 * _MEAN_EPISODE_S * (1 - share), 2 * _MEAN_EPISODE_S * share, shortest_s=0.5)

    def find(_device: str, *, now: Callable[[], float], seed: int, duration_s: float | None) -> SimulatedSource:
        return SimulatedSource(seed, now, duration_s=duration_s, person=draw_person(seed, dwell=dwell))

    session = Session(config, find)
    session.start()
    result = session.join()
    if result is None or result.exit_code:
        raise SystemExit(f"the session of {config.participant} ended with: {result and result.message}")


def write_answers(root: Path, participant: str, at: datetime, visit: str, n_wander: int) -> None:
    """Write a masked session that holds answers and no signal."""
    files = SessionFiles.from_stem(root, f"sub-{participant}_ses-{at:%Y%m%dT%H%M%S}_task-meditation")
    register_participant(root, files.participant)
    files.eeg_file("").parent.mkdir(parents=True)
    files.derived.mkdir(parents=True)
    study = {"protocol_sha256": "", "participant": participant, "visit": visit, "sealed": True, "masked": True}
    stream = {"sfreq": 256.0, "ch_names": ["TP9", "AF7", "AF8", "TP10"], "device": "simulated", "montage": "muse"}
    start = {
        "participant": participant, "started": at.isoformat(), "stream": stream, "columns": [],
        "start": {"study": study},
    }  # fmt: skip
    summary = {
        "device": "simulated", "n_samples": 1000, "n_lost": 0, "duration_s": 1200.0, "phases": {"practice": 900.0},
        "valid_fraction": 0.9, "reward_rate": 0.6, "probes": _N_ANSWERS, "finished": True, "plan_completed": True,
    }  # fmt: skip
    rows = ["onset\tduration\tsample\ttrial_type\tvalue\tresponse_time"]
    for k in range(_N_ANSWERS):
        rows.append(f"{k}.0\t0\t{256 * k}\tprobe\t1\tn/a")
        rows.append(f"{k}.5\t0\t{256 * k + 128}\tanswer_where\t{2 if k < n_wander else 1}\t0.5")
    files.derived_file("start.json").write_text(json.dumps(start), encoding="utf-8")
    files.derived_file("summary.json").write_text(json.dumps(summary), encoding="utf-8")
    files.eeg_file("events.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    write_facts(root, participant, files.raw.name, SessionFacts(visit=visit))


def _check(root: Path, *, recorded: bool) -> None:
    """Check the records of the merged dataset and what was played, as far as that can be told before unlocking."""
    wrong = [one.text for one in check_record(root) if one.status is CheckStatus.WRONG]
    wrong += [one.text for one in check_played(root) if not one.right] if recorded else []
    if wrong:
        raise SystemExit(f"the merged dataset does not add up: {wrong[0]}")


def fit_mixed_model(table: Path) -> tuple[float, float]:
    """Return the difference of the slopes (real minus sham) and its p by a mixed model with random slopes.

    Empirical logits of each visit, restricted maximum likelihood. The p is by z, which is too small with few people.
    """
    rows = pd.read_csv(table, dtype={"participant": str, "excluded_by": str})
    rows = rows[rows["arm"].notna() & rows["excluded_by"].isna() & (rows["n_wander"] + rows["n_focus"] > 0)]
    logit = np.log((rows["n_wander"] + 0.5) / (rows["n_focus"] + 0.5))
    place = rows["day"] / rows["day"].max() - 0.5
    is_real = (rows["arm"] == "real").astype(float)
    fixed = pd.DataFrame({"level": 1.0, "place": place, "real": is_real, "real_place": is_real * place})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a variance at 0: few visits, or people who differ little
        warnings.simplefilter("ignore", SingularMatrixWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        model = MixedLM(logit, fixed, groups=rows["participant"], exog_re=fixed[["level", "place"]])
        fitted = model.fit(reml=True, method=["lbfgs", "powell"])
    return float(fitted.params["real_place"]), float(fitted.pvalues["real_place"])


def stated_power(size: StudySize, difference: float, n_studies: int = 1000) -> PowerResult:
    """Return the power that ``study power`` states for the protocol of the tutorial."""
    protocol = Protocol.model_validate_json(json.dumps(protocol_document(size)))
    return simulate_power(protocol, per_arm=size.people // 2, difference=difference, n_studies=n_studies, seed=1)


def own_keys(folder: Path) -> None:
    """Let run keys and the history cache lie in a folder of their own."""
    sealing.user_folder = lambda: folder
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")


def repeat_study(folder: Path, size: StudySize, n_studies: int) -> tuple[int, list[float]]:
    """Repeat a study without a signal; return the number of rejections, and the differences found."""
    os.fsync = lambda _fd: None  # nothing of it is to outlast a power cut
    rejected, differences = 0, list[float]()
    for seed in range(1, n_studies + 1):
        own_keys(folder / f"{seed}" / "user")
        outcome = play_study(folder / f"{seed}", replace(size, minutes=0.0), seed)
        rejected += outcome.primary.p < _ALPHA
        differences.append(outcome.primary.difference)
        shutil.rmtree(folder / f"{seed}")
        if seed % 10 == 0:
            print(f"rejected in {rejected} of {seed}", flush=True)
    return rejected, differences


def answers_alone(size: StudySize, seed: int) -> PrimaryResult:
    """Return the primary test of the same answers as in a study without a signal, without files and commands."""
    protocol = Protocol.model_validate_json(json.dumps(protocol_document(size)))
    contrast, rng = visit_contrast(protocol), np.random.default_rng([seed, 2])
    contrasts: dict[str, list[float]] = {"real": [], "sham": []}
    for _ in SITES:
        n = size.people // len(SITES)
        arms = draw_blocks([arm.name for arm in protocol.arms], protocol.block_sizes, n, Random(seed))[:n]  # noqa: S311
        halves = [size.difference / 2 if arm == "real" else -size.difference / 2 for arm in arms]
        shares = [draw_shares(protocol.outcome, size.visits, 1, half, rng)[0] for half in halves]
        counts = [[rng.binomial(_N_ANSWERS, of_person[visit]) for of_person in shares] for visit in range(size.visits)]
        rng.integers(3, size=n)  # the guesses
        for arm, of_person in zip(arms, np.array(counts).T, strict=True):
            contrasts[arm].append(float(empirical_logit(of_person, _N_ANSWERS) @ contrast))
    real, sham = np.array(contrasts["real"]), np.array(contrasts["sham"])
    p = compare_groups(real, sham, protocol.outcome.test, np.random.default_rng(1))
    return PrimaryResult(len(real), len(sham), float(real.mean() - sham.mean()), p)


def main() -> None:
    """Play one study, or many without a signal, and print what they found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = StudySize()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=default.people)
    parser.add_argument("--visits", type=int, default=default.visits)
    parser.add_argument("--difference", type=float, default=default.difference)
    parser.add_argument("--minutes", type=float, default=default.minutes)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=0)
    chosen = parser.parse_args()
    size = StudySize(chosen.people, chosen.visits, chosen.difference, chosen.minutes)
    stated = stated_power(size, size.difference)
    if chosen.repeat:
        rejected, differences = repeat_study(chosen.folder, size, chosen.repeat)
        print(f"rejected in {rejected} of {chosen.repeat} studies; mean difference {np.mean(differences):+.3f} logits")
        alone = [answers_alone(size, seed).p < _ALPHA for seed in range(1, _N_ALONE + 1)]
        print(f"the same answers without files: {sum(alone[: chosen.repeat])} of {chosen.repeat}", end="; ")
        print(f"{sum(alone)} of {_N_ALONE}")
    else:
        own_keys(chosen.folder / "user")
        outcome = play_study(chosen.folder, size, chosen.seed)
        found = outcome.primary
        groups = f"{found.n_real} real, {found.n_other} sham"
        print(f"primary test: {groups}: {found.difference:+.3f} logits, p = {found.p:.3g}")
        print(f"mixed model: {outcome.mixed_difference:+.3f} logits, p = {outcome.mixed_p:.3g} (by z)")
        print(f"CRED-nf: {outcome.checklist}")
    low, high = stated.interval
    print(f"study power states {stated.power:.2f} ({low:.2f} to {high:.2f}) for {size.difference:g} logits")


if __name__ == "__main__":
    main()
