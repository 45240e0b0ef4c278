"""Record only: one rest without feedback, index, questions, baseline or decoder, with the facts entered before it."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from neurofeedback.analysis.history import past_sessions
from neurofeedback.cli.commands import train
from neurofeedback.cli.main import app
from neurofeedback.formats.reader import find_session, open_recording
from neurofeedback.recording.facts.entries import save_entry
from neurofeedback.recording.facts.entry_models import AttendantNote
from neurofeedback.recording.facts.entry_parsing import parse_dose
from neurofeedback.recording.facts.session_facts import SessionFacts, read_facts
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.session import Session
from neurofeedback.types import EventKind, Phase
from neurofeedback.verification.verify import CheckStatus, verify
from tests.bids import bids_errors


def test_a_recording_without_practice(tmp_path: Path) -> None:
    facts = SessionFacts(condition="during", substance="ketamine", dose="35 mg")
    config = SessionConfig(
        "simulated:3", tmp_path, "07", minutes=0.5, seed=1, fast=True, mode="record", facts=facts, audio="none"
    )
    now = datetime.now().astimezone()
    save_entry(tmp_path, "07", parse_dose("35 mg", "ketamine", "iv"), at=now - timedelta(minutes=5))
    save_entry(tmp_path, "07", AttendantNote(text="calm"), at=now + timedelta(seconds=15))
    session = Session(config)
    assert any("no alarms" in notice for notice in session.notices)
    session.start()
    result = session.join()
    assert result is not None
    assert result.exit_code == 0, result.message
    assert result.session_dir is not None
    files = find_session(result.session_dir)
    assert files is not None
    assert files.stem.endswith("_task-rest")
    recording = open_recording(files.raw)
    kinds = {event.kind for event in recording.events}
    assert EventKind.ENTRY in kinds
    assert not kinds & {EventKind.PROBE, EventKind.MODEL, EventKind.PRESS}
    assert session.live_state.snapshot.index_name == ""
    assert set(recording.summary.phases or {}) == {Phase.REST}
    lines = files.frame_log.read_text().splitlines()
    column = lines[0].split("\t").index("index_u")
    assert {line.split("\t")[column] for line in lines[1:]} <= {"n/a"}
    assert not files.derived_file("baseline.json").exists()
    assert read_facts(tmp_path, "07", files.session_label) == SessionFacts(
        condition="during", substance="ketamine", dose="35 mg", eyes="closed"
    )
    (past,) = past_sessions(tmp_path, "07", cache=tmp_path / "derivatives" / "neurofeedback" / "log" / "cache")
    assert not past.practice_s
    assert not math.isnan(past.duration_s or math.nan)
    wrong = {one.item: one.text for one in verify(files.raw).results if one.status is CheckStatus.WRONG}
    assert wrong == {}
    assert bids_errors(tmp_path) == []


@pytest.mark.parametrize(
    "facts",
    [("--substance", "ketamine", "--dose", "35 mg"), ("--condition", "during"), ("--condition", "home")],
)
def test_session_under_a_substance_is_confirmed_at_a_terminal(
    facts: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refuse(*_: object, **__: object) -> None:
        raise typer.Exit(9)

    monkeypatch.setattr(train, "_confirm_substance", lambda: asked.append("substance"))
    monkeypatch.setattr(train, "_ask_about_access", refuse)
    arguments = ["train", "--device", "simulated:3", "--headless", "--recordings", str(tmp_path), *facts]
    assert CliRunner().invoke(app, arguments).exit_code == 9
    assert asked == ([] if "home" in facts else ["substance"])


def test_the_terminal_prints_what_to_know_before_a_substance(tmp_path: Path) -> None:
    arguments = ["train", "--device", "simulated:3", "--minutes", "0.25", "--fast", "--headless", "--audio", "none"]
    substance = ["--mode", "record", "--substance", "ketamine", "--dose", "35 mg", "--recordings", str(tmp_path)]
    result = CliRunner().invoke(app, [*arguments, *substance])
    assert result.exit_code == 0, result.output
    assert "Do not drive until the next day" in result.stderr
    assert "not intended to diagnose, treat, monitor or prevent disease" in result.stderr
    assert len(list(tmp_path.rglob("*_report.html"))) == 1
