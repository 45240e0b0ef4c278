"""The command ``report``: where the page is, or everything in it as one JSON document."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from neurofeedback.cli.commands import report
from neurofeedback.errors import RecordingError
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.session import Session


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    request = SessionConfig("simulated:3", tmp_path_factory.mktemp("rec"), minutes=0.5, audio="none", fast=True)
    sitting = Session(request)
    sitting.start()
    outcome = sitting.join(60)
    assert outcome is not None
    assert outcome.session_dir is not None
    return outcome.session_dir


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(report.report)
    return made


def test_it_prints_where_the_page_is(app: typer.Typer, session: Path) -> None:
    result = CliRunner().invoke(app, [str(session)])
    assert result.exit_code == 0, result.output
    path = Path(result.stdout.strip())
    assert path.parent == session
    assert path.name.endswith("_task-meditation_report.html")
    assert "30 seconds" in path.read_text(encoding="utf-8")


def test_json_is_one_document(app: typer.Typer, session: Path) -> None:
    result = CliRunner().invoke(app, [str(session), "--json"])
    document = json.loads(result.stdout)
    summary = json.loads(next(session.glob("*_summary.json")).read_text())
    assert document["valid_fraction"] == pytest.approx(summary["valid_fraction"], abs=1e-4)
    assert document["iaf_hz"] == summary["iaf_hz"]
    assert document["finished"] is True
    assert Path(document["report"]).exists()


def test_open_shows_the_page(app: typer.Typer, session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(typer, "launch", lambda url: shown.append(url) or 1)
    result = CliRunner().invoke(app, [str(session), "--open"])
    assert result.exit_code == 0
    assert shown == [result.stdout.strip()]
    assert "No program here opens it" in result.stderr


def test_missing_session_is_a_recording_error(app: typer.Typer, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [str(tmp_path / "nothing")])
    assert isinstance(result.exception, RecordingError)
    assert result.exception.exit_code == 4
