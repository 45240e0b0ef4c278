"""Anybody's labelled features: what is read, what is refused, and that the scores are honest."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from neurofeedback.cli.main import main
from neurofeedback.errors import RecordingError
from neurofeedback.learning.external_table import evaluate_feature_table, read_feature_table
from neurofeedback.settings.estimation import DecoderSettings
from neurofeedback.settings.load import load_evidence

SETTINGS, DEFAULT = DecoderSettings(), load_evidence("default")
Rows = list[dict[str, object]]


def rows(
    subjects: int = 3, sessions: int = 3, each: int = 20, *, effect: float = 1.5, offset: float = 0.0, seed: int = 0
) -> Rows:
    """Draw labelled moments of two features in odd units; sessions differ by an offset, labels follow ``mine``."""
    rng = np.random.default_rng(seed)
    out: Rows = []
    for subject in range(subjects):
        for session in range(sessions):
            level = offset * rng.standard_normal(2)
            often = 0.4 if offset == 0 else (0.1, 0.9)[session % 2]
            for k in range(each):
                label = bool(rng.random() < often)
                mine, theta = rng.standard_normal(2) + level + np.array([effect * label, 0])
                row: dict[str, object] = {"subject": f"s{subject}", "session": session, "onset": 60 * k}
                out.append(row | {"label": int(label), "mine": 1000 * mine, "theta_frontal": 1e-6 * theta})
    return out


def save(path: Path, given: Rows, delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(given[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(given)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_feature_unit_does_not_matter(tmp_path: Path, delimiter: str) -> None:
    scores = evaluate_feature_table(read_feature_table(save(tmp_path / "t.csv", rows(), delimiter)), DEFAULT, SETTINGS)
    assert (scores.n, scores.n_sessions, scores.features_with_prior) == (180, 9, ("theta_frontal",))
    for found in (scores.prequential, scores.sessions_left_out, scores.subjects_left_out):
        assert found is not None
        assert found.low > 0.6
    assert [subject for subject, _, _ in scores.subjects] == ["s0", "s1", "s2"]
    assert scores.untaught is not None
    assert scores.untaught.value == pytest.approx(0.5, abs=0.1)  # the labels follow a feature that no study names
    assert scores.answer_by_answer is not None
    assert scores.answer_by_answer.low > 0.6
    assert scores.above_plain_l2 is not None
    assert scores.above_plain_l2.low < 0 < scores.above_plain_l2.high + 0.1
    assert scores.alpha_minus_theta is scores.above_alpha_minus_theta is None  # without alpha
    assert scores.brier_skill is not None


def test_a_clear_effect_over_many_sessions_would_show_as_active(tmp_path: Path) -> None:
    clear = read_feature_table(save(tmp_path / "t.csv", rows(2, 8, 20, effect=2.0)))
    none = read_feature_table(save(tmp_path / "n.csv", rows(2, 8, 20, effect=0.0)))
    assert evaluate_feature_table(clear, DEFAULT, SETTINGS).active_subjects == ("s0", "s1")
    assert evaluate_feature_table(none, DEFAULT, SETTINGS).active_subjects == ()


@pytest.mark.parametrize(("n_tables", "tolerance"), [(3, 0.08), pytest.param(12, 0.04, marks=pytest.mark.slow)])
def test_session_differences_are_not_decoded(tmp_path: Path, n_tables: int, tolerance: float) -> None:
    """Offsets that go with the labels, and nothing within a session; the tolerance is that of as many draws."""
    values: list[float] = []
    for seed in range(n_tables):
        path = save(tmp_path / "t.csv", rows(4, 4, 16, effect=0.0, offset=5.0, seed=seed))
        scores = evaluate_feature_table(read_feature_table(path), DEFAULT, SETTINGS)
        found = (scores.prequential, scores.sessions_left_out, scores.subjects_left_out)
        values += [one.value for one in found if one is not None]
    assert np.mean(values) == pytest.approx(0.5, abs=tolerance)


def test_rows_are_sorted_by_time_within_session(tmp_path: Path) -> None:
    given = rows(1, 2, 10)
    mixed = [*given[10:], *given[:10]][::-1]
    table = read_feature_table(save(tmp_path / "t.csv", mixed))
    assert [row.onset for row in table.rows[:10]] == sorted(row.onset for row in table.rows[:10])
    assert [row.session for row in table.rows] == ["0"] * 10 + ["1"] * 10


def test_missing_values_and_certainty_are_read(tmp_path: Path) -> None:
    given = rows(1, 3, 12)
    for k, row in enumerate(given):
        row["sure"] = "" if k % 3 else 2
        row["theta_frontal"] = "n/a" if k % 2 else row["theta_frontal"]
        row["empty"] = ""
    scores = evaluate_feature_table(read_feature_table(save(tmp_path / "t.csv", given)), DEFAULT, SETTINGS)
    assert scores.prequential is not None
    assert scores.subjects_left_out is None  # one subject has nobody to learn from


def test_single_session_has_no_scores(tmp_path: Path) -> None:
    scores = evaluate_feature_table(read_feature_table(save(tmp_path / "t.csv", rows(1, 1, 20))), DEFAULT, SETTINGS)
    assert (scores.prequential, scores.sessions_left_out, scores.ece) == (None, None, None)


REFUSED = {
    "empty": ("", "not a table of labelled features"),
    "no features": ("subject,session,onset,label\na,1,0,1\n", "not a table of labelled features"),
    "no label": ("subject,session,onset,x\na,1,0,1\n", "name these columns: label"),
    "twice the same": ("subject,session,onset,label,x,x\na,1,0,1,2,3\n", "each once"),
    "no rows": ("subject,session,onset,label,x\n", "contains no rows"),
    "a label of words": ("subject,session,onset,label,x\na,1,0,yes,2\n", "line 2"),
    "words as features": ("subject,session,onset,label,x\na,1,0,1,2\na,1,9,0,high\n", "line 3"),
    "infinite": ("subject,session,onset,label,x\na,1,0,1,inf\n", "line 2"),
    "no onset": ("subject,session,onset,label,x\na,1,nan,1,3\n", "line 2"),
    "a short line": ("subject,session,onset,label,x\na,1,0\n", "line 2"),
    "too sure": ("subject,session,onset,label,x,sure\na,1,0,1,2,7\n", "sure 7"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_table_that_cannot_be_used_is_refused_in_one_message(tmp_path: Path, case: str) -> None:
    text, words = REFUSED[case]
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(RecordingError, match=words):
        read_feature_table(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(RecordingError, match="cannot be read"):
        read_feature_table(tmp_path / "t.csv")
    with pytest.raises(RecordingError, match="cannot be read"):
        read_feature_table(tmp_path / "missing.csv")


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["neurofeedback", "decoder", "evaluate", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    return (ended.value.code if isinstance(ended.value.code, int) else 0), captured.out, captured.err


def test_evaluate_prints_all_three_ways_with_intervals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "t.csv", rows())
    code, out, _ = run(capsys, monkeypatch, str(path))
    assert code == 0
    for words in (
        "judged by those before it",
        "each session left out",
        "each subject left out",
        "theta_frontal",
        "s2",
        "pairs",
        "Personal model",
    ):
        assert words in out
    code, out, _ = run(capsys, monkeypatch, str(path), "--json")
    assert code == 0
    assert json.loads(out)["prequential"]["n"] == 120
    code, _, err = run(capsys, monkeypatch, str(tmp_path / "none.csv"))
    assert code == 4
    assert "Traceback" not in err
