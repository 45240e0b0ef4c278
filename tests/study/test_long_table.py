"""The long table: one row a session, phase or question; arms only in an unlocked study."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from random import Random

import pandas as pd
import pytest

from neurofeedback.errors import SettingsError
from neurofeedback.study import sealing
from neurofeedback.study.allocation import allocate, install_allocation
from neurofeedback.study.enrolment import EnrolmentRequest, enrol, unlock
from neurofeedback.study.protocol_lock import frozen_protocol
from neurofeedback.study.results.long_table import RowKind, write_table
from neurofeedback.study.schedule import VisitState, person_status
from neurofeedback.study.session_table import counting_session, study_sessions

sys.path.insert(0, str(Path(__file__).resolve().parent))

from study_files import BY, add_session, frozen_study


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sealing, "user_folder", lambda: tmp_path / "user")
    root = frozen_study(tmp_path / "data", "crossover", ("last = 999", "last = 20"))
    allocate(root, "A", tmp_path / "keeper", by="keeper", random=Random(2))
    install_allocation(root, tmp_path / "keeper", by=BY)
    enrol(root, EnrolmentRequest("07", {}, "v1", BY))
    add_session(root, "07", "2026-11-02", "run-in")
    add_session(root, "07", "2026-11-04", "a1", n_wander=3, n_focus=9, valid=0.2)
    return root


@pytest.mark.parametrize(("kind", "n_rows"), [("session", 2), ("phase", 2), ("probe", 22)])
def test_every_column_is_in_the_dictionary(study: Path, tmp_path: Path, kind: RowKind, n_rows: int) -> None:
    out = tmp_path / "long.csv"
    written = write_table(study, kind, out)
    table = pd.read_csv(out, dtype={"participant": str})
    described = json.loads(written.dictionary.read_text(encoding="utf-8"))
    assert list(table.columns) == list(described)
    assert len(table) == written.n_rows == n_rows
    assert set(table["participant"]) == {"07"}
    assert not {"arm", "feedback"} & set(table.columns)
    assert "real" not in out.read_text(encoding="utf-8")


def test_arms_stand_in_the_table_of_an_unlocked_study(study: Path, tmp_path: Path) -> None:
    arm = unlock(study, by=BY, why="end")["07"]
    write_table(study, "session", tmp_path / "long.csv")
    table = pd.read_csv(tmp_path / "long.csv", keep_default_na=False)
    assert list(table["arm"]) == [arm, arm]
    assert list(table["feedback"]) == ["real", "real"], "what the sessions played, whatever the arm"
    assert list(table["excluded_by"]) == ["", "little-signal"]
    assert table["wander_share"].astype(float).tolist() == [0.4, 0.25]


def test_questions_stand_in_the_table_by_probe(study: Path, tmp_path: Path) -> None:
    write_table(study, "probe", tmp_path / "long.csv")
    table = pd.read_csv(tmp_path / "long.csv")
    assert table["where"].tolist().count(2) == 7
    assert table["onset_s"].tolist()[:3] == [0, 1, 2]


def test_other_format_is_refused(study: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"ending in \.csv"):
        write_table(study, "session", tmp_path / "long.xlsx")


def test_number_with_other_zeros_is_the_same_person(study: Path) -> None:
    add_session(study, "7", "2026-11-07", "a2")
    sessions = study_sessions(study, frozen_protocol(study)[0])
    assert [one.participant for one in sessions] == ["07"] * 3
    assert {one.numbers["day"] for one in sessions} == {0.0, 2.0, 5.0}


def test_of_a_repeated_visit_the_last_that_is_not_excluded_counts(study: Path) -> None:
    protocol = frozen_protocol(study)[0]
    add_session(study, "07", "2026-11-05", "a1", valid=0.9)
    add_session(study, "07", "2026-11-06", "a1", valid=0.1)
    sessions = study_sessions(study, protocol)
    counted = counting_session([one for one in sessions if one.visit == "a1"], protocol)
    assert counted is not None
    assert counted.date.isoformat() == "2026-11-05"
    assert person_status(protocol, "07", sessions, date(2026, 11, 7))[1].state is VisitState.DONE
