"""What is asked of data that version 0.1.0 wrote: shared by the test and by the script that wrote the answers down."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any, cast

from click.testing import Result
from pydantic import BaseModel
from typer.testing import CliRunner

from neurofeedback.cli.main import app
from neurofeedback.settings.load import (
    load_evidence,
    load_montage,
    load_programme,
    load_questionnaire,
    load_settings,
    read_profile,
)
from neurofeedback.settings.programme import Programme

OLD = Path(__file__).resolve().parent / "data" / "v0_1_0"
FIRST, SECOND, OWN_BASELINE, REAL_TIME, IMPORTED = "P1-first", "P1-second", "P2", "P3", "P4"
LOGGED = (FIRST, SECOND, OWN_BASELINE, REAL_TIME)
RESOLVED = "settings.toml"


def copy_dataset(folder: Path) -> Path:
    """Return a copy of the dataset, beside a home with the evidence profiles of that version."""
    shutil.copytree(OLD / "evidence", folder / "home" / "neurofeedback" / "evidence")
    return Path(shutil.copytree(OLD / "dataset", folder / "dataset"))


def session_of(dataset: Path, name: str) -> Path:
    """Return the folder of a session's raw files."""
    participant, _, which = name.partition("-")
    found = sorted(dataset.glob(f"sub-{participant}/ses-*"))
    return found[0] if which == "first" else found[-1]


def computed_of(dataset: Path, name: str, suffix: str) -> Path:
    """Return one of a session's computed files."""
    session = session_of(dataset, name)
    (path,) = dataset.glob(f"derivatives/neurofeedback/{session.parent.name}/{session.name}/*_{suffix}")
    return path


def program(dataset: Path, *arguments: object) -> Result:
    """Run a command, with folders of its own for what a person has set and for what is remembered."""
    home = str(dataset.parent / "home")
    places = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"), home)
    return CliRunner(env=places | {"TZ": "UTC"}).invoke(app, list(map(str, arguments)))


def document(dataset: Path, *arguments: object) -> dict[str, object]:
    """Return the JSON document that a command prints, without the paths in it."""
    done = program(dataset, *arguments, "--json")
    assert done.exit_code == 0, (done.output, done.exception)
    return {key: value for key, value in json.loads(done.stdout).items() if not _is_path(value)}


def _is_path(value: object) -> bool:
    return isinstance(value, str) and Path(value).is_absolute()


def verified(dataset: Path, name: str) -> dict[str, object]:
    """Return the verdict on each item of a session."""
    items = document(dataset, "verify", session_of(dataset, name))["items"]
    assert isinstance(items, dict)
    return {item: found["verdict"] for item, found in items.items()}


LATER_KEYS = {
    *(
        "expected_auc",
        "member_weights",
        "index_member",
        "blink_rejects_theta",
        "activation_se_factor",
        "min_answers_to_refit",
        "shared",
    ),
    *("calm", "background_follows", "tone_timbre", "calm_db"),
    *("voice_enabled", "voice_db", "voice_language", "voice_speed", "voice_folder", "ask_sure", "ask_sleepy"),
    *("clinic_text", "recall_days", "min_days_apart", "programme"),
    "pacer",
    *("heart_rate", "breath_rate", "still_share"),
    *("n_pairs", "answer_by_answer", "untaught", "share_above_base_rate"),
}
"""Keys of settings and of documents that version 0.1.0 did not have."""
LATER_PRACTICE_KEYS = {"feedback", "headset", "learn", "evidence", "breaths_per_min", "guide", "announced", "question"}
"""Keys of practices that version 0.1.0 did not have; its profiles have some of these names."""
LATER_PREFERENCES = (
    *("ask_sure", "ask_sleepy", "mood_questions", "background_follows", "tone_timbre", "calm_sign"),
    *("voice", "voice_language", "voice_folder", "background_db", "tone_db", "calm_db", "bells_db", "voice_db"),
    *("difficulty_question", "pace", "language", "pulse"),
)
"""Settings of the window that version 0.1.0 did not have."""
LATER_CHOICES = ("battery", "battery_of")
"""Choices of the window that version 0.1.0 did not remember."""


def leaves(value: object) -> list[object]:
    """Return the values of settings in their order, whatever they are called."""
    if isinstance(value, Programme):
        return leaves(_without_keys(value.model_dump(mode="json"), LATER_PRACTICE_KEYS))
    if isinstance(value, BaseModel):
        return leaves(value.model_dump(mode="json"))
    if isinstance(value, dict):
        return [leaf for key, each in value.items() if key not in LATER_KEYS for leaf in leaves(each)]
    if isinstance(value, list | tuple):
        return [leaf for each in value for leaf in leaves(each)]
    return [value]


SETTINGS: dict[str, Callable[[], BaseModel]] = {
    **{f"profile {path.stem}": partial(load_settings, str(path)) for path in sorted((OLD / "profiles").glob("*.toml"))},
    "programme": partial(load_programme, str(OLD / "own" / "evening.programme.toml")),
    "montage": partial(load_montage, str(OLD / "own" / "two-rows.montage.toml")),
    "evidence": partial(load_evidence, str(OLD / "own" / "mine.evidence.toml")),
    "questionnaire": partial(load_questionnaire, str(OLD / "own" / "calm.questionnaire.toml")),
    "resolved of P1": lambda: read_profile(computed_of(OLD / "dataset", FIRST, RESOLVED)),
    "resolved of P2": lambda: read_profile(computed_of(OLD / "dataset", OWN_BASELINE, RESOLVED)),
}


CHANGED = {"history": ("needed", "long_run", "doubts"), "decoder": ("sentence", "driving")}
"""Keys of ``--json`` that are not compared: new, in other words, or wrong (``needed`` promised too large a power)."""

REWORDED = {"decoder": {"signs": ("name", "direction")}}
"""Texts within lists that are not compared, since they are worded for people."""


def without_reworded(question: str, answer: dict[str, Any]) -> dict[str, Any]:
    """Return a document without the texts that are worded for people."""
    lists = {key: [_without(row, *names) for row in answer[key]] for key, names in REWORDED.get(question, {}).items()}
    return answer | lists


def answers(dataset: Path) -> dict[str, object]:
    """Ask everything of a copy of the dataset."""
    replays = {name: document(dataset, "replay", session_of(dataset, name)) for name in (*LOGGED, IMPORTED)}
    return {
        "verify": {name: verified(dataset, name) for name in (*LOGGED, IMPORTED)},
        "replay": {name: _without(answer, "times_real_time", "same_as_log") for name, answer in replays.items()},
        "report": document(dataset, "report", session_of(dataset, SECOND)),
        "history": _without(
            without_later(document(dataset, "history", "--participant", "P1", "--recordings", dataset)),
            *CHANGED["history"],
        ),
        "decoder": _without(
            without_later(document(dataset, "decoder", "show", "--participant", "P1", "--recordings", dataset)),
            *CHANGED["decoder"],
        ),
        "settings": {name: leaves(load()) for name, load in SETTINGS.items()},
    }


def without_later(value: Any) -> Any:
    """Return a JSON document without the keys that version 0.1.0 did not have."""
    return _without_keys(value, LATER_KEYS)


def _without_keys(value: Any, keys: Collection[str]) -> Any:
    if isinstance(value, dict):
        table = cast("dict[str, Any]", value)
        return {key: _without_keys(each, keys) for key, each in table.items() if key not in keys}
    return [_without_keys(each, keys) for each in cast("list[Any]", value)] if isinstance(value, list) else value


def _without(answer: dict[str, object], *names: str) -> dict[str, object]:
    return {key: value for key, value in answer.items() if key not in names}


def differences(stored: object, now: object, where: str = "") -> list[str]:
    """Compare two JSON documents: numbers to 1e-6, all else exactly; what differs, in words."""
    if isinstance(stored, dict) and isinstance(now, dict):
        if list(stored) != list(now):
            return [f"{where}: other keys: {sorted(set(stored) ^ set(now)) or 'another order'}"]
        return [words for key in stored for words in differences(stored[key], now[key], f"{where}/{key}")]
    if isinstance(stored, list) and isinstance(now, list):
        if len(stored) != len(now):
            return [f"{where}: {len(stored)} items stored, {len(now)} now"]
        pairs = zip(stored, now, strict=True)
        return [words for i, pair in enumerate(pairs) for words in differences(*pair, f"{where}/{i}")]
    if isinstance(stored, float) and isinstance(now, float):
        return [] if math.isclose(stored, now, rel_tol=1e-6, abs_tol=1e-9) else [f"{where}: {stored} stored, {now} now"]
    return [] if stored == now else [f"{where}: {stored!r} stored, {now!r} now"]
