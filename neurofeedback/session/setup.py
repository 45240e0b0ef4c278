"""The start of a session: settings, decoder, engine, and ``start.json`` for replay."""

from __future__ import annotations

import itertools
import math
import secrets
from collections.abc import Mapping
from dataclasses import asdict

from neurofeedback.engine import Engine, EngineStart, frame_columns
from neurofeedback.errors import SettingsError
from neurofeedback.estimation.personal_baseline import PersonalBaseline, personal_baseline_to_json
from neurofeedback.learning.online_decoder import OnlineDecoder
from neurofeedback.learning.training import DecoderState, train_decoder, untrained
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.plan import Segment, SessionPlan
from neurofeedback.session.probes import probe_times
from neurofeedback.session.summary import package_versions
from neurofeedback.settings.load import parse
from neurofeedback.settings.model import Settings
from neurofeedback.settings.profile import Profile
from neurofeedback.texts.probe_questions import QUESTIONS, WORDING_VERSION
from neurofeedback.types import StreamInfo

MIN_PROBE_INTERVAL_S = 5.0
_MAX_PROBE_INTERVAL_S = 1800.0
_SEED_BITS = 32


def session_settings(settings: Settings, config: SessionConfig) -> Settings:
    """Return the profile's settings with the changes of the configuration.

    Raises
    ------
    SettingsError
        The probe interval is not allowed, or a change is not a setting.
    """
    if config.settings_overrides:
        settings = _with_overrides(settings, config.settings_overrides)
    probes, interval_s = settings.probes, config.probe_interval_s
    if config.learn_live is not None:
        probes = probes.model_copy(update={"learn_live": config.learn_live})
    if interval_s is None:
        return settings.model_copy(update={"probes": probes})
    if interval_s != 0 and not MIN_PROBE_INTERVAL_S <= interval_s <= _MAX_PROBE_INTERVAL_S:
        raise SettingsError(
            "questions cannot come like that",
            got=f"every {interval_s:g} s",
            allowed=f"{MIN_PROBE_INTERVAL_S:g} to {_MAX_PROBE_INTERVAL_S:g} s, or 0 for none",
            todo="pass --probe-every 65",
        )
    return settings.model_copy(update={"probes": probes.with_mean_interval(interval_s)})


def _with_overrides(settings: Settings, overrides: Mapping[str, Mapping[str, object]]) -> Settings:
    data = settings.model_dump(mode="json")
    for section, values in overrides.items():
        data[section] = {**data.get(section, {}), **values}
    return parse(Settings, data, "the session configuration")


def choose_seed(config: SessionConfig) -> int:
    """Return the configured seed, else a random one; it is stored with the session."""
    return secrets.randbits(_SEED_BITS) if config.seed is None else config.seed


def load_decoder(config: SessionConfig, settings: Settings) -> DecoderState:
    """Return the decoder trained on the participant's earlier sessions, if any."""
    if not config.recordings.is_dir():
        return untrained(config.participant, settings)
    return train_decoder(config.recordings, config.participant, settings)


def create_engine(
    stream: StreamInfo, profile: Profile, decoder_state: DecoderState, personal_baseline: PersonalBaseline | None
) -> tuple[Engine, OnlineDecoder]:
    """Return the engine with the person's decoder and baseline, and the decoder that learns from its frames."""
    columns = frame_columns(profile, personal_baseline=personal_baseline is not None)
    online_decoder = OnlineDecoder(decoder_state, profile.settings, stream, columns)
    start = EngineStart(online_decoder.initial_weights_text, personal_baseline_to_json(personal_baseline))
    return Engine(stream.sfreq, profile, start), online_decoder


def start_document(
    config: SessionConfig, settings: Settings, plan: SessionPlan, seed: int, start: EngineStart
) -> dict[str, object]:
    """Return the contents of ``start.json`` besides the stream."""
    return {
        "seed": seed,
        "minutes": config.minutes,
        "programme": config.programme or None,
        "plan": [_segment_document(segment) for segment in plan.segments],
        "probes": {
            "wording": WORDING_VERSION,
            "questions": {question.wording: dict(question.choices) for question in QUESTIONS},
            "drawn_s": _drawn_probe_times(settings, plan, seed),
        },
        "engine": asdict(start),
        "versions": package_versions(),
    }


def read_engine_start(document: Mapping[str, object]) -> EngineStart:
    """Return the engine's start from ``start.json``; an empty one if it is not there.

    Examples
    --------
    >>> read_engine_start({"engine": {"decoder": "", "baseline": ""}}) == read_engine_start({})
    True
    """
    stored = document.get("engine")
    known = stored if isinstance(stored, Mapping) else {}
    return EngineStart(str(known.get("decoder") or ""), str(known.get("baseline") or ""))


def _segment_document(segment: Segment) -> dict[str, object]:
    values = {
        "phase": segment.phase,
        "length_s": segment.length_s,
        "target_rate": segment.target_rate,
        "bed": segment.background,
        "bell_every_s": segment.bell_interval_s,
    }
    return {name: value for name, value in values.items() if value not in {None, "", 0.0}}


def _drawn_probe_times(settings: Settings, plan: SessionPlan, seed: int) -> list[float]:
    """Return the drawn times of probes, s of practice; the first hours of an open-ended session."""
    limit_s = min(plan.total_s, 4 * 3600.0)
    times = probe_times(settings.probes, seed)
    return [round(at_s, 3) for at_s in itertools.takewhile(lambda at_s: at_s < limit_s, times)]


def max_duration_s(plan: SessionPlan, extra_s: float) -> float | None:
    """Return the seconds of signal a session may need; None for an open-ended one."""
    return None if math.isinf(plan.total_s) else plan.total_s + extra_s
