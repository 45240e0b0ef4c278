"""What a sitting starts from: what is asked for put into its settings, and ``start.json``, from which replay begins."""

from __future__ import annotations

import itertools
import math
import secrets
from collections.abc import Mapping
from dataclasses import asdict, replace

from neurofeedback.engine import Engine, EngineStart
from neurofeedback.errors import SettingsError
from neurofeedback.estimation.kept import Kept
from neurofeedback.estimation.kept_text import text_of
from neurofeedback.session.learner import Learner
from neurofeedback.session.learning import Learned, learned, nothing_learned
from neurofeedback.session.plan import SittingPlan
from neurofeedback.session.probing import chime_times
from neurofeedback.session.question import QUESTIONS, WORDING
from neurofeedback.session.request import SitRequest
from neurofeedback.session.tally import versions
from neurofeedback.settings.load import parse
from neurofeedback.settings.model import Settings
from neurofeedback.settings.profile import Profile
from neurofeedback.types import Stream

LEAST_PROBE_EVERY_S = 5.0
_MOST_PROBE_EVERY_S = 1800.0
_SEED_BITS = 32


def settings_asked_for(settings: Settings, request: SitRequest) -> Settings:
    """Return the profile's settings with what the request changes of them.

    Raises
    ------
    SettingsError
        Questions cannot come that often or that rarely, or a change is none the settings know.
    """
    if request.changes:
        settings = _changed(settings, request.changes)
    probes, every_s = settings.probes, request.probe_every_s
    if request.learn_live is not None:
        probes = probes.model_copy(update={"learn_live": request.learn_live})
    if every_s is None:
        return settings.model_copy(update={"probes": probes})
    if every_s != 0 and not LEAST_PROBE_EVERY_S <= every_s <= _MOST_PROBE_EVERY_S:
        raise SettingsError(
            "questions cannot come like that",
            got=f"every {every_s:g} s",
            allowed=f"{LEAST_PROBE_EVERY_S:g} to {_MOST_PROBE_EVERY_S:g} s, or 0 for none",
            todo="pass --probe-every 65",
        )
    return settings.model_copy(update={"probes": probes.every(every_s)})


def _changed(settings: Settings, changes: Mapping[str, Mapping[str, object]]) -> Settings:
    data = settings.model_dump(mode="json")
    for section, values in changes.items():
        data[section] = {**data.get(section, {}), **values}
    return parse(Settings, data, "the sitting asked for")


def draw_seed(request: SitRequest) -> int:
    """Return the seed that was asked for, else draw one; either is stored with the session."""
    return secrets.randbits(_SEED_BITS) if request.seed is None else request.seed


def what_is_known(request: SitRequest, settings: Settings) -> Learned:
    """Learn from the participant's earlier sittings, if there are any."""
    if not request.recordings.is_dir():
        return nothing_learned(request.participant, settings)
    return learned(request.recordings, request.participant, settings)


def start_engine(stream: Stream, profile: Profile, known: Learned, kept: Kept | None) -> tuple[Engine, Learner]:
    """Make an engine that starts from what is known, and what goes on learning from its frames."""
    start = EngineStart(baseline=text_of(kept))
    columns = Engine(stream.sfreq, profile, start).columns
    learner = Learner(known, profile.settings, stream, columns)
    return Engine(stream.sfreq, profile, replace(start, decoder=learner.start)), learner


def start_facts(
    request: SitRequest, settings: Settings, plan: SittingPlan, seed: int, start: EngineStart
) -> dict[str, object]:
    """Return what ``start.json`` is to hold of a sitting, besides its stream."""
    return {
        "seed": seed,
        "minutes": request.minutes,
        "programme": request.programme or None,
        "plan": [_segment(asdict(segment)) for segment in plan.segments],
        "probes": {
            "wording": WORDING,
            "questions": {question.wording: dict(question.choices) for question in QUESTIONS},
            "drawn_s": _drawn(settings, plan, seed),
        },
        "engine": asdict(start),
        "versions": versions(),
    }


def engine_start(facts: Mapping[str, object]) -> EngineStart:
    """Read back what the engine of a session started from; nothing learned where that is not told.

    Examples
    --------
    >>> engine_start({"engine": {"decoder": "", "baseline": ""}}) == engine_start({})
    True
    """
    told = facts.get("engine")
    known = told if isinstance(told, Mapping) else {}
    return EngineStart(str(known.get("decoder") or ""), str(known.get("baseline") or ""))


def _segment(segment: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in segment.items() if value not in {None, "", 0.0}}


def _drawn(settings: Settings, plan: SittingPlan, seed: int) -> list[float]:
    """List the times of the questions as drawn, s of practice; of a sitting without end, those of the first hours."""
    longest_s = min(plan.total_s, 4 * 3600.0)
    times = chime_times(settings.probes, seed)
    return [round(at_s, 3) for at_s in itertools.takewhile(lambda at_s: at_s < longest_s, times)]


def seconds_at_most(plan: SittingPlan, spare_s: float) -> float | None:
    """Return how many seconds of signal a sitting may need; None if there is no end to it."""
    return None if math.isinf(plan.total_s) else plan.total_s + spare_s
