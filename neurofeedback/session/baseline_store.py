"""A person's baselines on disk: each session's own beside it, and what is kept of them for the next one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from neurofeedback.engine import Engine
from neurofeedback.errors import RecordingError
from neurofeedback.estimation.baseline import Baseline
from neurofeedback.estimation.personal_baseline import (
    MAX_SESSIONS,
    PersonalBaseline,
    SessionBaseline,
    aggregate_baselines,
    compare_baselines,
    is_eligible,
    parse_session_baseline,
    personal_baseline_document,
    session_baseline_document,
    summarize_baseline,
)
from neurofeedback.recording.atomic_files import read_json, write_json_atomic
from neurofeedback.recording.bids_paths import DERIVATIVES, SessionFiles, find_session_stems
from neurofeedback.recording.session_notes import read_notes
from neurofeedback.settings.profile import Profile
from neurofeedback.types import Phase

_log = logging.getLogger(__name__)
BASELINE_FILENAME = "baseline.json"
_BASELINE_CONDITIONS = frozenset({"", "pre"})


def personal_baseline_path(recordings: Path, participant: str) -> Path:
    """Where the baseline kept of a participant is written, for people and other programs to read."""
    return recordings / DERIVATIVES / f"sub-{participant}" / f"sub-{participant}_desc-baseline_model.json"


def load_personal_baseline(recordings: Path, participant: str, profile: Profile) -> PersonalBaseline | None:
    """Make the baseline kept of a participant's earlier sessions; None with fewer than three good ones alike.

    Sessions under another condition than the usual, such as after an infusion, do not count. A file that cannot be
    used is told of and left out.
    """
    eyes = profile.settings.phases.eyes
    found: list[SessionBaseline] = []
    for past in _iter_session_baselines(recordings, participant):
        if is_eligible(past, profile.montage, eyes):
            found.append(past)
        if len(found) == MAX_SESSIONS:
            break
    return aggregate_baselines(found[::-1], profile.montage, eyes)


def _iter_session_baselines(recordings: Path, participant: str) -> Iterator[SessionBaseline]:
    for stem in reversed(find_session_stems(recordings)):
        files = SessionFiles.from_stem(recordings, stem)
        path = files.derived_file(BASELINE_FILENAME)
        if files.participant != f"sub-{participant}" or not path.exists():
            continue
        try:
            if read_notes(files).condition in _BASELINE_CONDITIONS:
                yield parse_session_baseline(read_json(path))
        except (RecordingError, ValueError, OSError) as error:
            _log.warning("the baseline of %s is left out: %s", stem, error)


def baseline_summary(engine: Engine) -> dict[str, object]:
    """Return what a summary is to hold of the baseline beside its length: how it differs from the usual one.

    In spreads between sessions, by feature; None where there is no baseline, or none is kept. And since when it
    holds (s), where it was only had in practice.
    """
    late = {
        "baseline_late_s": None
        if engine.late_baseline_sample is None
        else round(engine.late_baseline_sample / engine.sfreq, 3)
    }
    if engine.baseline is None or engine.personal_baseline is None:
        return {"usual_baseline": None, **late}
    told = compare_baselines(_to_session_baseline(engine.baseline, engine.profile), engine.personal_baseline)
    rounded = {name: round(value, 2) for name, value in told.items()}
    return {"usual_baseline": {"n_sessions": engine.personal_baseline.n_sessions, "differences": rounded}, **late}


def baseline_notice(engine: Engine) -> str:
    """Return what to know where the baseline was late or never came, as a sentence; empty otherwise."""
    if engine.baseline is None and engine.phase in {Phase.PRACTICE, Phase.TRANSFER, Phase.DEBRIEF}:
        return (
            "There was never enough clean signal to learn what is usual for you, so nothing was judged and the tone "
            "stayed neutral. Check how the headset sits, let jaw and forehead rest, and try again."
        )
    if engine.late_baseline_sample is not None:
        return (
            "The start had too little clean signal, so what is usual for you was learned only in practice; until "
            "then nothing was judged and the tone stayed neutral."
        )
    return ""


def store_baseline(files: SessionFiles, engine: Engine) -> None:
    """Store a session's baseline beside what was computed of it, and renew the one kept of all sessions.

    One that was only had in practice is no baseline of rest and is left out. A disk that refuses costs only this
    session's share.
    """
    if engine.baseline is None or engine.late_baseline_sample is not None:
        return
    participant = files.participant.removeprefix("sub-")
    try:
        write_json_atomic(
            files.derived_file(BASELINE_FILENAME),
            session_baseline_document(_to_session_baseline(engine.baseline, engine.profile)),
        )
        kept = load_personal_baseline(files.root, participant, engine.profile)
        if kept is not None:
            write_json_atomic(
                personal_baseline_path(files.root, participant),
                {"participant": participant, **personal_baseline_document(kept)},
            )
    except OSError as error:
        _log.warning("this session's baseline could not be stored: %s", error)


def _to_session_baseline(baseline: Baseline, profile: Profile) -> SessionBaseline:
    return summarize_baseline(baseline, profile.montage, profile.settings.phases.eyes)
