"""Settings, seed and start document of a session."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from neurofeedback.engine import EngineStart
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.estimation.decoder_weights import DecoderWeights
from neurofeedback.recording.session_json import EngineInput, StartState, parse_document
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.plan import plan_session
from neurofeedback.session.setup import (
    choose_seed,
    make_start_state,
    max_duration_s,
    read_engine_start,
    session_settings,
)
from neurofeedback.settings.load import load_programme
from neurofeedback.settings.model import Settings
from neurofeedback.settings.session import PhaseSettings, ProbeSettings
from neurofeedback.texts.probe_questions import WORDING_VERSION

SETTINGS = Settings()
PLAN = plan_session(PhaseSettings(), 20.0, 60.0)
OPEN = plan_session(PhaseSettings(), None, 60.0, load_programme("open-end"))


def request(**changes: object) -> SessionConfig:
    return SessionConfig("simulated", Path("recordings"), **changes)


def test_probe_interval_keeps_relative_spread() -> None:
    probes = session_settings(SETTINGS, request(probe_interval_s=130.0)).probes
    assert probes.interval_s == (80.0, 180.0)
    assert probes.timeout_s == SETTINGS.probes.timeout_s


def test_short_probe_interval_shortens_timeout() -> None:
    probes = session_settings(SETTINGS, request(probe_interval_s=13.0)).probes
    assert probes.interval_s == (8.0, 18.0)
    assert probes.timeout_s == 2.666


def test_interval_of_zero_turns_probes_off() -> None:
    assert session_settings(SETTINGS, request(probe_interval_s=0.0)).probes.interval_s == (0.0, 0.0)


def test_profile_settings_are_default() -> None:
    assert session_settings(SETTINGS, request()) == SETTINGS
    assert session_settings(SETTINGS, request(learn_live=True)).probes.learn_live


@pytest.mark.parametrize("every_s", [-1.0, 1.0, 4.9, 1801.0, float("nan"), float("inf")])
def test_invalid_probe_interval_is_refused(every_s: float) -> None:
    with pytest.raises(SettingsError, match="questions cannot come like that"):
        session_settings(SETTINGS, request(probe_interval_s=every_s))


def test_changed_settings_round_trip() -> None:
    for every_s in (0.0, 5.0, 13.0, 65.0, 1800.0):
        settings = session_settings(SETTINGS, request(probe_interval_s=every_s))
        assert Settings.model_validate_json(settings.model_dump_json()) == settings


def test_seed_is_drawn_by_default() -> None:
    assert choose_seed(request(seed=7)) == 7
    assert choose_seed(request()) != choose_seed(request())


def test_start_document_has_probe_times_wording_and_engine_start() -> None:
    start = EngineStart(decoder=DecoderWeights((("beta_all", -0.25),), 12))
    facts = make_start_state(request(programme="x"), SETTINGS, PLAN, 3, start)
    drawn = list(facts.probes.drawn_s)
    assert facts.probes.wording == WORDING_VERSION
    assert drawn == sorted(drawn)
    assert 12 <= len(drawn) <= 25
    assert facts.seed == 3
    assert facts.plan[2].phase == "practice"
    assert read_engine_start(facts) == start


def test_open_ended_session_stores_probe_times_of_first_hours() -> None:
    facts = make_start_state(request(), SETTINGS, OPEN, 3, EngineStart())
    assert len(facts.probes.drawn_s) > 200
    assert max_duration_s(OPEN, 60.0) is None
    assert max_duration_s(PLAN, 60.0) == 1260.0


@pytest.mark.parametrize(
    "document", [{}, {"engine": None}, {"engine": 3}, {"engine": {}}, {"engine": {"decoder": None}}]
)
def test_missing_engine_start_is_empty(document: dict[str, object]) -> None:
    assert read_engine_start(parse_document(StartState, document)) == EngineStart()


@pytest.mark.parametrize(
    ("engine", "what"),
    [(EngineInput(decoder="{"), "decoder at the start"), (EngineInput(baseline="[]"), "personal baseline")],
)
def test_damaged_engine_start_is_one_error(engine: EngineInput, what: str) -> None:
    with pytest.raises(RecordingError, match=f"{what}.*cannot be used"):
        read_engine_start(StartState(engine=engine))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"interval_s": (90.0, 40.0)}, "the second not below the first"),
        ({"interval_s": (-1.0, 40.0)}, "the second not below the first"),
        ({"interval_s": (40.0, 4000.0)}, "at most 3600"),
        ({"interval_s": (20.0, 30.0)}, "must leave time for three answers"),
        ({"timeout_s": 20.0}, "must leave time for three answers"),
    ],
)
def test_overlapping_probes_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ProbeSettings(**changes)


def test_probes_off_need_no_time_for_answers() -> None:
    assert ProbeSettings(interval_s=(0.0, 0.0)).with_mean_interval(65.0).interval_s == (40.0, 90.0)
