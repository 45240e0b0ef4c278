"""A person's baselines on disk: one for each session, and the personal baseline of all sessions."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from neurofeedback.engine import FrameEngine
from neurofeedback.errors import RecordingError
from neurofeedback.estimation.baseline import Baseline
from neurofeedback.estimation.baseline_file import BaselineFile, PersonalBaselineFile, parse_session_baseline
from neurofeedback.estimation.personal_baseline import (
    MAX_SESSIONS,
    PersonalBaseline,
    SessionBaseline,
    aggregate_baselines,
    compare_baselines,
    is_eligible,
    summarize_baseline,
)
from neurofeedback.recording.bids_paths import DERIVATIVES, SessionFiles, find_session_stems
from neurofeedback.recording.session_json import BaselineDifferences, SessionSummary
from neurofeedback.recording.session_notes import read_notes
from neurofeedback.settings.resolved_profile import Profile
from neurofeedback.storage.atomic_files import read_json, write_json_atomic
from neurofeedback.texts import session_notices
from neurofeedback.texts.catalogue import tr
from neurofeedback.types import Phase

_log = logging.getLogger(__name__)
BASELINE_FILENAME = "baseline.json"


def personal_baseline_path(recordings: Path, participant: str) -> Path:
    """Return the path of a participant's personal baseline; the file is for people and other programs."""
    return recordings / DERIVATIVES / f"sub-{participant}" / f"sub-{participant}_desc-baseline_model.json"


def load_personal_baseline(recordings: Path, participant: str, profile: Profile) -> PersonalBaseline | None:
    """Return the personal baseline of a participant's earlier sessions; None with fewer than three suitable ones.

    Sessions under a substance do not count, by their facts; other conditions, such as ``home``, do.
    A file that cannot be used is logged and left out.
    """
    eyes = profile.settings.phases.eyes
    eligible: list[SessionBaseline] = []
    for past in _iter_session_baselines(recordings, participant):
        if is_eligible(past, profile.montage, eyes):
            eligible.append(past)
        if len(eligible) == MAX_SESSIONS:
            break
    return aggregate_baselines(eligible[::-1], profile.montage, eyes)


def _iter_session_baselines(recordings: Path, participant: str) -> Iterator[SessionBaseline]:
    for stem in reversed(find_session_stems(recordings)):
        files = SessionFiles.from_stem(recordings, stem)
        path = files.derived_file(BASELINE_FILENAME)
        if files.participant != f"sub-{participant}" or not path.exists():
            continue
        try:
            if not read_notes(files).under_substance:
                yield parse_session_baseline(read_json(path))
        except (RecordingError, OSError) as error:
            _log.warning("the baseline of %s is left out: %s", stem, error)


def baseline_summary(engine: FrameEngine) -> SessionSummary:
    """Return the baseline's part of a summary.

    ``personal_differences`` is None without a baseline or a personal one. ``baseline_late_s`` is the time of a baseline
    that was completed only in practice.
    """
    late_s = None if engine.late_baseline_sample is None else round(engine.late_baseline_sample / engine.sfreq, 3)
    if engine.baseline is None or engine.personal_baseline is None:
        return SessionSummary(personal_differences=None, baseline_late_s=late_s)
    by_feature = compare_baselines(_to_session_baseline(engine.baseline, engine.profile), engine.personal_baseline)
    rounded = {name: round(value, 2) for name, value in by_feature.items()}
    differences = BaselineDifferences(n_sessions=engine.personal_baseline.n_sessions, differences=rounded)
    return SessionSummary(personal_differences=differences, baseline_late_s=late_s)


def baseline_notice(engine: FrameEngine) -> str:
    """Return the notice about a late or missing baseline; empty otherwise."""
    if engine.baseline is None and engine.phase in {Phase.PRACTICE, Phase.TRANSFER, Phase.DEBRIEF}:
        return tr(session_notices.NO_BASELINE)
    if engine.late_baseline_sample is not None:
        return tr(session_notices.LATE_BASELINE)
    return ""


def store_baseline(files: SessionFiles, engine: FrameEngine) -> None:
    """Store a session's baseline and update the personal baseline.

    A baseline completed only in practice is not one of rest and is left out. A failure to write is logged.
    """
    if engine.baseline is None or engine.late_baseline_sample is not None:
        return
    participant = files.participant.removeprefix("sub-")
    try:
        baseline = _to_session_baseline(engine.baseline, engine.profile)
        content = BaselineFile.from_baseline(baseline)
        write_json_atomic(files.derived_file(BASELINE_FILENAME), content.model_dump(exclude_unset=True))
        personal = load_personal_baseline(files.root, participant, engine.profile)
        if personal is not None:
            content = PersonalBaselineFile.from_personal_baseline(personal, participant)
            path = personal_baseline_path(files.root, participant)
            write_json_atomic(path, content.model_dump(exclude_unset=True))
    except OSError as error:
        _log.warning("this session's baseline could not be stored: %s", error)


def _to_session_baseline(baseline: Baseline, profile: Profile) -> SessionBaseline:
    return summarize_baseline(baseline, profile.montage, profile.settings.phases.eyes)
