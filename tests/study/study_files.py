"""A dataset with a protocol and sessions that hold no signal, for tests of studies."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.facts.session_facts import SessionFacts, write_facts
from neurofeedback.study.protocol import new_protocol, protocol_path
from neurofeedback.study.protocol_lock import freeze_protocol

BY = "MB"


def frozen_study(root: Path, template: str = "crossover", *changes: tuple[str, str]) -> Path:
    """Make a dataset with a frozen protocol, changed by these replacements of text."""
    root.mkdir(parents=True, exist_ok=True)
    new_protocol(root, template)
    edit_protocol(root, *changes)
    freeze_protocol(root, BY)
    return root


def edit_protocol(root: Path, *changes: tuple[str, str]) -> None:
    text = protocol_path(root).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    protocol_path(root).write_text(text, encoding="utf-8")


def add_session(
    root: Path,
    participant: str,
    day: str,
    visit: str,
    *,
    n_wander: int = 4,
    n_focus: int = 6,
    valid: float = 0.9,
    sealed: bool = False,
    clock: str = "10:00:00",
) -> SessionFiles:
    """Write what the history reads of a session on a day such as 2026-11-02."""
    started = datetime.fromisoformat(f"{day}T{clock}").astimezone()
    stem = f"sub-{participant}_ses-{started:%Y%m%dT%H%M%S}_task-meditation"
    files = SessionFiles.from_stem(root, stem)
    files.eeg_file("").parent.mkdir(parents=True)
    files.derived.mkdir(parents=True)
    start = {
        "participant": participant,
        "started": started.isoformat(),
        "stream": {"sfreq": 256.0, "ch_names": ["TP9", "AF7", "AF8", "TP10"], "device": "simulated", "montage": "muse"},
        "columns": [],
        "start": {},
    }
    if sealed:
        start["start"] = {
            "study": {"protocol_sha256": "", "participant": participant, "visit": visit, "sealed": True, "masked": True}
        }
    summary = {
        "device": "simulated", "n_samples": 1000, "n_lost": 10, "duration_s": 1200.0, "phases": {"practice": 900.0},
        "valid_fraction": valid, "reward_rate": 0.6, "latency_ms": {"p50": 40.0, "p95": 60.0, "max": 80.0},
        "probes": n_wander + n_focus, "finished": True, "plan_completed": True,
    }  # fmt: skip
    files.derived_file("start.json").write_text(json.dumps(start), encoding="utf-8")
    files.derived_file("summary.json").write_text(json.dumps(summary), encoding="utf-8")
    rows = ["onset\tduration\tsample\ttrial_type\tvalue\tresponse_time"]
    for k in range(n_wander + n_focus):
        answer = 2 if k < n_wander else 1
        rows.append(f"{k}.0\t0\t{256 * k}\tprobe\t1\tn/a")
        rows.append(f"{k}.5\t0\t{256 * k + 128}\tanswer_where\t{answer}\t0.5")
        rows.append(f"{k}.7\t0\t{256 * k + 180}\tanswer_sleepy\t2\t0.2")
    files.eeg_file("events.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    write_facts(root, participant, files.raw.name, SessionFacts(visit=visit))
    return files
