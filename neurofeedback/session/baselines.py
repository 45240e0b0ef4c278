"""A person's baselines on disk: each session's own beside it, and what is kept of them for the next one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from neurofeedback.engine import Engine
from neurofeedback.errors import RecordingError
from neurofeedback.estimation.baseline import Baseline
from neurofeedback.estimation.kept import MOST_SESSIONS, Kept, Past, counts, differences, keep, past_of
from neurofeedback.estimation.kept_text import document_of, past_from
from neurofeedback.recording.after import read_after
from neurofeedback.recording.bids import DERIVED, SessionFiles, find_stems
from neurofeedback.recording.files import read_json, rewrite_json
from neurofeedback.settings.profile import Profile
from neurofeedback.types import Phase

_log = logging.getLogger(__name__)
BASELINE = "baseline.json"
_USUAL_CONDITIONS = frozenset({"", "pre"})


def model_path(recordings: Path, participant: str) -> Path:
    """Where the baseline kept of a participant is written, for people and other programs to read."""
    return recordings / DERIVED / f"sub-{participant}" / f"sub-{participant}_desc-baseline_model.json"


def kept_baseline(recordings: Path, participant: str, profile: Profile) -> Kept | None:
    """Make the baseline kept of a participant's earlier sessions; None with fewer than three good ones alike.

    Sessions under another condition than the usual, such as after an infusion, do not count. A file that cannot be
    used is told of and left out.
    """
    eyes = profile.settings.phases.eyes
    found: list[Past] = []
    for past in _newest_first(recordings, participant):
        if counts(past, profile.montage, eyes):
            found.append(past)
        if len(found) == MOST_SESSIONS:
            break
    return keep(found[::-1], profile.montage, eyes)


def _newest_first(recordings: Path, participant: str) -> Iterator[Past]:
    for stem in reversed(find_stems(recordings)):
        files = SessionFiles.of(recordings, stem)
        path = files.computed(BASELINE)
        if files.participant != f"sub-{participant}" or not path.exists():
            continue
        try:
            if read_after(files).condition in _USUAL_CONDITIONS:
                yield past_from(read_json(path))
        except (RecordingError, ValueError, OSError) as error:
            _log.warning("the baseline of %s is left out: %s", stem, error)


def baseline_facts(engine: Engine) -> dict[str, object]:
    """Return what a summary is to hold of the baseline beside its length: how it differs from the usual one.

    In spreads between sessions, by feature; None where there is no baseline, or none is kept. And since when it
    holds (s), where it was only had in practice.
    """
    late = {"baseline_late_s": None if engine.late_from is None else round(engine.late_from / engine.sfreq, 3)}
    if engine.baseline is None or engine.kept is None:
        return {"usual_baseline": None, **late}
    told = differences(_past(engine.baseline, engine.profile), engine.kept)
    rounded = {name: round(value, 2) for name, value in told.items()}
    return {"usual_baseline": {"n_sessions": engine.kept.n, "differences": rounded}, **late}


def baseline_complaint(engine: Engine) -> str:
    """Return what to know where the baseline was late or never came, as a sentence; empty otherwise."""
    if engine.baseline is None and engine.phase in {Phase.PRACTICE, Phase.TRANSFER, Phase.DEBRIEF}:
        return (
            "There was never enough clean signal to learn what is usual for you, so nothing was judged and the tone "
            "stayed neutral. Check how the headset sits, let jaw and forehead rest, and try again."
        )
    if engine.late_from is not None:
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
    if engine.baseline is None or engine.late_from is not None:
        return
    participant = files.participant.removeprefix("sub-")
    try:
        rewrite_json(files.computed(BASELINE), document_of(_past(engine.baseline, engine.profile)))
        kept = kept_baseline(files.root, participant, engine.profile)
        if kept is not None:
            rewrite_json(model_path(files.root, participant), {"participant": participant, **document_of(kept)})
    except OSError as error:
        _log.warning("this session's baseline could not be stored: %s", error)


def _past(baseline: Baseline, profile: Profile) -> Past:
    return past_of(baseline, profile.montage, profile.settings.phases.eyes)
