"""Questionnaires around a sitting in a terminal: only those a person wants, never from keys meant for the sitting."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest

from neurofeedback.cli.helpers.questionnaire import SessionQuestionnaires
from neurofeedback.errors import SettingsError
from neurofeedback.recording.facts.changes import read_changes
from neurofeedback.recording.facts.form_records import read_all_forms

PROFILE = 'name = "asking"\n[questionnaires]\nbefore = ["mood"]\nafter = ["sleepiness"]\n'
PATIENCE_S = 90.0


def command(tmp_path: Path) -> list[str]:
    profile = tmp_path / "asking.toml"
    profile.write_text(PROFILE)
    sitting = ["--device", "simulated:3", "--minutes", "0.5", "--fast", "--headless", "--audio", "none", "--seed", "1"]
    where = ["--profile", str(profile), "--recordings", str(tmp_path / "recordings")]
    return [sys.executable, "-m", "neurofeedback", "train", *sitting, *where]


def _read_available(out: IO[bytes]) -> bytes | None:
    """Read what has been printed: nothing at its end, None when a moment passes in silence."""
    ready, _, _ = select.select([out], [], [], 0.1)
    return os.read(out.fileno(), 65536) if ready else None


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_person_at_a_terminal_is_asked_before_and_after(tmp_path: Path) -> None:
    near, far = os.openpty()
    shown, answers = "", {"How is your mood?": b"4\n", "How sleepy are you?": b"2\n"}
    deadline = time.monotonic() + PATIENCE_S
    with subprocess.Popen(command(tmp_path), stdin=far, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
        assert program.stdout
        while time.monotonic() < deadline and (output := _read_available(program.stdout)) != b"":
            shown += (output or b"").decode("utf-8", "replace")
            for question in [question for question in answers if question in shown and shown.endswith("> ")]:
                os.write(near, answers.pop(question))
        program.kill()
    for line in (near, far):
        os.close(line)
    assert answers == {}, shown
    asked = read_all_forms(tmp_path / "recordings", "01")
    assert [(one.answers.when, one.answers.items) for one in asked] == [
        ("before", {"mood": 4}),
        ("after", {"sleepiness": 2}),
    ]
    assert len({one.session for one in asked}) == 1, "the earlier answers are linked to the session"


def test_piped_keys_are_not_used_as_questionnaire_answers(tmp_path: Path) -> None:
    done = subprocess.run(
        command(tmp_path), input="4\n", capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "mood" not in done.stdout
    assert "mood was not asked: input is piped" in done.stderr
    changes = read_changes(tmp_path / "recordings").changes
    assert [one.what for one in changes if one.kind == "not_asked"] == ["mood", "sleepiness"]
    assert read_all_forms(tmp_path / "recordings", "01") == []


def test_missing_questionnaire_is_named(tmp_path: Path) -> None:
    path = tmp_path / "asking.toml"
    path.write_text('[questionnaires]\nbefore = ["moood"]\n')
    with pytest.raises(SettingsError, match="mood"):
        SessionQuestionnaires(str(path), tmp_path, "01")
