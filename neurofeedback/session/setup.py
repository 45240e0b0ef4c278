"""The start of a session: settings, decoder, engine, and ``start.json`` for replay."""

from __future__ import annotations

import itertools
import math
import secrets
from collections.abc import Sequence
from pathlib import PurePath

from neurofeedback.engine import EngineStart, FrameEngine, frame_columns
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.estimation.baseline_file import parse_personal_baseline, personal_baseline_to_json, round_as_stored
from neurofeedback.estimation.decoder_weights import DecoderWeights, parse_decoder_weights
from neurofeedback.estimation.personal_baseline import PersonalBaseline
from neurofeedback.feedback.sham import ShamSource
from neurofeedback.learning.online_decoder import OnlineDecoder
from neurofeedback.learning.training import DecoderState, train_decoder, untrained
from neurofeedback.recording.session_json import EngineInput, PlannedProbes, PlannedSegment, StartState
from neurofeedback.session.config import SessionConfig, SettingOverride
from neurofeedback.session.plan import Segment, SessionPlan
from neurofeedback.session.probing.probes import probe_times
from neurofeedback.session.summary import package_versions
from neurofeedback.settings.base import SettingsModel
from neurofeedback.settings.load import parse
from neurofeedback.settings.model import Settings
from neurofeedback.settings.plugins import OUTPUTS, SOURCES, plugin_versions, split_plugin_name
from neurofeedback.settings.programme import Programme
from neurofeedback.settings.resolved_profile import Profile
from neurofeedback.texts.catalogue import ENGLISH, language, tr
from neurofeedback.texts.probe_questions import (
    QUESTIONS,
    WHERE,
    ProbeQuestion,
    practice_question,
    wording_version,
)
from neurofeedback.texts.technical import errors as texts
from neurofeedback.types import StreamInfo

MIN_PROBE_INTERVAL_S = 5.0
_MAX_PROBE_INTERVAL_S = 1800.0
_SEED_BITS = 32
_OWN_WORDING = "own"


def session_settings(settings: Settings, config: SessionConfig) -> Settings:
    """Return the profile's settings with the changes of the configuration.

    Raises
    ------
    SettingsError
        The probe interval is not allowed, or a change is not a setting.
    """
    overrides = config.settings_overrides
    if language() != ENGLISH:  # the last one counts, and what a profile states stays
        overrides = (SettingOverride("audio", "voice_language", language(), unless_set=True), *overrides)
    if overrides:
        settings = _with_overrides(settings, overrides)
    probes, interval_s = settings.probes, config.probe_interval_s
    if config.mode == "record":
        interval_s = interval_s or 0.0
        probes = probes.model_copy(update={"learn_live": False, "enabled": interval_s > 0})
    elif config.study is not None and config.study.start.sealed:
        probes = probes.model_copy(update={"learn_live": False})
    elif config.learn_live is not None:
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


def practice_settings(settings: Settings, programme: Programme | None) -> Settings:
    """Return the settings with what the practice changes: its questions, what is learned, its evidence profile."""
    if programme is None:
        return settings
    probes, index = settings.probes, settings.index
    if not programme.has_feedback and programme.question is None:  # the standard one asks about the breath
        probes = probes.model_copy(update={"enabled": False})
    if not trains_decoder(programme):
        probes = probes.model_copy(update={"learn_live": False})
    if programme.evidence:
        index = index.model_copy(update={"evidence": programme.evidence})
    return settings.model_copy(update={"probes": probes, "index": index})


def own_question(programme: Programme | None) -> ProbeQuestion | None:
    """Return the question of a practice; None if it asks the standard one, or none."""
    if programme is None or programme.question is None:
        return None
    question = practice_question(programme.question.text, programme.question.answers)
    return None if question is WHERE else question


def trains_decoder(programme: Programme | None) -> bool:
    """Return whether answers and key presses train the personal model: only where the standard question is asked."""
    return programme is None or (programme.trains_decoder and own_question(programme) is None)


def _with_overrides(settings: Settings, overrides: Sequence[SettingOverride]) -> Settings:
    data = settings.model_dump(mode="json")
    for override in overrides:
        section = getattr(settings, override.section, None)
        if override.unless_set and isinstance(section, SettingsModel) and override.name in section.model_fields_set:
            continue
        data.setdefault(override.section, {})[override.name] = override.value
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
    stream: StreamInfo,
    profile: Profile,
    decoder_state: DecoderState,
    personal_baseline: PersonalBaseline | None,
    sham: ShamSource | None = None,
) -> tuple[FrameEngine, OnlineDecoder]:
    """Return the engine with the person's decoder and baseline, and the decoder that learns from its frames.

    ``sham`` is the series of a study with sham, which is played or not.
    """
    columns = frame_columns(profile, personal_baseline=personal_baseline is not None)
    online_decoder = OnlineDecoder(decoder_state, profile.settings, stream, columns)
    # a replay starts from start.json, so the session starts with the digits of that file
    rounded = None if personal_baseline is None else round_as_stored(personal_baseline)
    start = EngineStart(online_decoder.initial_weights, rounded, sham)
    return FrameEngine(stream.sfreq, profile, start), online_decoder


def make_start_state(
    config: SessionConfig,
    settings: Settings,
    plan: SessionPlan,
    seed: int,
    start: EngineStart,
    *,
    programme: Programme | None = None,
) -> StartState:
    """Return what ``start.json`` holds of a session of a practice, besides its stream."""
    own = own_question(programme)
    questions = QUESTIONS if own is None else (own,)
    state = StartState(
        seed=seed,
        minutes=config.minutes,
        programme=config.programme or None,
        plan=tuple(_planned_segment(segment) for segment in plan.segments),
        probes=PlannedProbes(
            wording=wording_version() if own is None else _OWN_WORDING,
            questions={question.wording: dict(question.choices) for question in questions},
            drawn_s=_drawn_probe_times(settings, plan, seed),
        ),
        engine=EngineInput(
            decoder=start.decoder.to_json() if start.decoder else "",
            baseline=personal_baseline_to_json(start.personal_baseline),
        ),
        versions=package_versions() | plugin_versions(_used_plugins(config)),
    )
    state = state if trains_decoder(programme) else state.merge(StartState(trains_decoder=False))
    if config.study is None:
        return state
    name = PurePath(config.programme).name or None  # a path would name the computer's folders
    return state.merge(StartState(study=config.study.start, programme=name))


def _used_plugins(config: SessionConfig) -> list[tuple[str, str]]:
    """Return group and name of the plug-ins of a session."""
    kind, _, rest = config.device.partition(":")
    sources = [(SOURCES, split_plugin_name(rest)[0])] if kind == "plugin" else []
    return sources + [(OUTPUTS, split_plugin_name(text)[0]) for text in config.outputs]


def read_engine_start(start_state: StartState | None) -> EngineStart:
    """Return what the engine of a session started from; None where the recording does not say.

    Raises
    ------
    RecordingError
        The decoder or the personal baseline of the recording is damaged.

    Examples
    --------
    >>> read_engine_start(StartState()) == read_engine_start(None) == EngineStart()
    True
    """
    known = (start_state and start_state.engine) or EngineInput()
    return EngineStart(_parse_start_decoder(known.decoder or ""), parse_personal_baseline(known.baseline or ""))


def _parse_start_decoder(text: str) -> DecoderWeights | None:
    try:
        return parse_decoder_weights(text)
    except ValueError as error:
        raise RecordingError(tr(texts.START_DECODER), got=str(error), todo=tr(texts.RESTORE_START)) from None


def _planned_segment(segment: Segment) -> PlannedSegment:
    """Return a segment with only the entries that say something."""
    planned = PlannedSegment(
        phase=str(segment.phase),
        length_s=segment.length_s,
        target_rate=segment.target_rate,
        background=segment.background or None,
        bell_interval_s=segment.bell_interval_s or None,
        breaths_per_min=segment.breaths_per_min or None,
    )
    return planned.without_none()


def _drawn_probe_times(settings: Settings, plan: SessionPlan, seed: int) -> tuple[float, ...]:
    """List the times drawn for the questions, s of practice; of a session without end, those of the first hours."""
    longest_s = min(plan.total_s, 4 * 3600.0)
    times = probe_times(settings.probes, seed)
    return tuple(round(at_s, 3) for at_s in itertools.takewhile(lambda at_s: at_s < longest_s, times))


def max_duration_s(plan: SessionPlan, extra_s: float) -> float | None:
    """Return the seconds of signal a session may need; None for an open-ended one."""
    return None if math.isinf(plan.total_s) else plan.total_s + extra_s
