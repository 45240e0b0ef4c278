"""Bang's and James's indices reproduce published tables, and hold at the edges."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from random import Random

import pytest
from scipy.stats import binom
from typer.testing import CliRunner

from neurofeedback.cli.main import app
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.study import sealing
from neurofeedback.study.allocation import allocate, install_allocation
from neurofeedback.study.enrolment import EnrolmentRequest, enrol, unlock
from neurofeedback.study.guesses import count_guesses, guesses_path, read_guesses, save_guess
from neurofeedback.study.protocol_lock import frozen_protocol
from neurofeedback.study.results.blinding import GuessTable, adjusted_bang_index, bang_index, james_index
from neurofeedback.study.results.blinding_report import blinding_results

sys.path.insert(0, str(Path(__file__).resolve().parent))

from study_files import BY, frozen_study

# Bang 2004, table 7 (CRISP), and Houweling 2014, table 2 (SOX): counts, James, Bang of both arms
TABLES = {
    "CRISP": ((82, 27, 25, 29, 170, 83), (0.748, 0.705, 0.791), (0.206, 0.0352), (0.014, 0.0538)),
    "SOX investigators": ((48, 22, 4, 30, 330, 319), (0.896, 0.875, 0.918), (0.115, 0.0179), (0.022, 0.0194)),
    "SOX coordinators": ((94, 52, 11, 44, 289, 284), (0.823, 0.797, 0.849), (0.211, 0.0237), (-0.021, 0.0258)),
    "SOX patients": ((143, 104, 14, 57, 188, 175), (0.705, 0.674, 0.736), (0.374, 0.0302), (-0.140, 0.0370)),
}
LIMITS = {
    "CRISP": ((0.137, 0.275), (-0.091, 0.120)),
    "SOX investigators": ((0.080, 0.150), (-0.016, 0.060)),
    "SOX coordinators": ((0.164, 0.257), (-0.072, 0.029)),
    "SOX patients": ((0.315, 0.433), (-0.212, -0.067)),
}


@pytest.mark.parametrize("name", TABLES)
def test_published_table_is_reproduced(name: str) -> None:
    counts, james, real, sham = TABLES[name]
    table = GuessTable(*counts)
    found = james_index(table)
    assert (found.value, found.low, found.high) == pytest.approx(james, abs=5.1e-4)
    for group, (value, se), limits in zip(("real", "sham"), (real, sham), LIMITS[name], strict=True):
        bang = bang_index(*table.counts(group))
        assert bang.value == pytest.approx(value, abs=5.1e-4)
        assert bang.se == pytest.approx(se, abs=5.1e-5)
        assert (bang.low, bang.high) == pytest.approx(limits, abs=6e-4)


def test_everybody_uncertain_is_perfect_blinding_with_certainty() -> None:
    assert (james_index(GuessTable(0, 0, 0, 0, 9, 9)).value, james_index(GuessTable(0, 0, 0, 0, 9, 9)).se) == (1, 0)
    assert (bang_index(0, 0, 9).value, bang_index(0, 0, 9).se) == (0, 0)


def test_extremes_have_their_values() -> None:
    assert james_index(GuessTable(10, 0, 0, 10, 0, 0)).value == 0
    assert james_index(GuessTable(5, 5, 5, 5, 0, 0)).value == 0.5
    assert bang_index(9, 0, 0).value == 1
    assert bang_index(0, 9, 0).value == -1


def test_nothing_guessed_is_no_number() -> None:
    for index in (
        bang_index(0, 0, 0),
        james_index(GuessTable(0, 0, 0, 0, 0, 0)),
        james_index(GuessTable(5, 0, 0, 0, 1, 0)),
    ):
        assert math.isnan(index.value)


def coverage(n: int, share: float, *, adjusted: bool) -> float:
    """Exact share of studies whose interval holds the true value, with nobody uncertain."""
    index = adjusted_bang_index if adjusted else bang_index
    true = 2 * share - 1
    found = 0.0
    for right in range(n + 1):
        interval = index(right, n - right, 0)
        found += float(binom.pmf(right, n, share)) * (interval.low <= true <= interval.high)
    return found


def test_adjusted_interval_covers_in_small_arms() -> None:
    shares = (0.4, 0.5, 0.6, 0.7, 0.8)
    assert min(coverage(12, share, adjusted=False) for share in shares) < 0.93
    assert min(coverage(12, share, adjusted=True) for share in shares) >= 0.93


# Guesses of a study


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight people of an unlocked crossover who guessed "real" after a1."""
    monkeypatch.setattr(sealing, "user_folder", lambda: tmp_path / "user")
    root = frozen_study(tmp_path / "data", "crossover", ("last = 999", "last = 20"))
    allocate(root, "A", tmp_path / "keeper", by="keeper", random=Random(2))
    install_allocation(root, tmp_path / "keeper", by=BY)
    for k in range(1, 9):
        enrol(root, EnrolmentRequest(f"{k:02d}", {}, "v1", BY))
        save_guess(root, f"{k:02d}", "a1", "participant", {"guess": "real", "sure": 7, "why": "it followed"})
    return root


def test_guesses_are_counted_by_the_feedback_of_their_period(study: Path) -> None:
    arms = unlock(study, by=BY, why="end")
    protocol = frozen_protocol(study)[0]
    (result,) = blinding_results(study, protocol, arms)
    n_real = sum(arm == "real-first" for arm in arms.values())
    assert (result.table.real_in_real, result.table.real_in_sham) == (n_real, 8 - n_real)
    later = [one.model_copy(update={"visit": "b2"}) for one in read_guesses(study)]
    table = count_guesses(later, arms, protocol, guesser="participant", visit="b2")
    assert (table.real_in_real, table.real_in_sham) == (8 - n_real, n_real)
    assert any("with one right and one wrong answer added" in line for line in result.lines())


@pytest.mark.parametrize(
    ("place", "answers", "message"),
    [
        (("01", "a1"), {"guess": "real", "sure": 5}, "has guessed after this visit"),
        (("01", "a2"), {"guess": "real", "sure": 5}, "nobody is asked to guess"),
        (("19", "a1"), {"guess": "real", "sure": 5}, "nobody is enrolled"),
        (("01", "b2"), {"guess": "maybe", "sure": 5}, "the answer to guess cannot be used"),
        (("01", "b2"), {"guess": "real", "sure": 11}, "the answer to sure cannot be used"),
    ],
)
def test_wrong_guess_is_one_message(
    study: Path, place: tuple[str, str], answers: dict[str, str | int], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        save_guess(study, *place, "participant", answers)


def test_guess_is_asked_in_the_terminal_and_indices_need_the_unlocked_study(study: Path) -> None:
    place = ["--recordings", str(study)]
    typed = "x\nd\nr\n12\n4\nno idea\nI opened my eyes\n"
    asked = CliRunner().invoke(app, ["study", "guess", "03", "--visit", "b2", *place], input=typed)
    assert asked.exception is None
    last = read_guesses(study)[-1]
    assert (last.guess, last.forced, last.sure, last.tried) == ("unknown", "real", 4, "I opened my eyes")
    locked = CliRunner().invoke(app, ["study", "blinding", *place])
    assert isinstance(locked.exception, SettingsError)
    unlock(study, by=BY, why="end")
    shown = CliRunner().invoke(app, ["study", "blinding", "--visit", "a1", *place]).output
    assert "James 0.5" in shown
    assert "Bang 2004" in shown


def test_changed_guesses_are_refused(study: Path) -> None:
    path = guesses_path(study)
    path.write_text(path.read_text(encoding="utf-8").replace('"sure":7', '"sure":8', 1), encoding="utf-8")
    with pytest.raises(RecordingError, match="were changed"):
        read_guesses(study)


def test_indices_without_a_value_are_null_and_limits_stay_within_one(study: Path) -> None:
    assert bang_index(9, 1, 0).high == 1
    unlock(study, by=BY, why="end")
    guesses_path(study).unlink()
    save_guess(study, "01", "a1", "participant", {"guess": "real", "sure": 7})
    shown = CliRunner().invoke(app, ["study", "blinding", "--json", "--recordings", str(study)])
    assert shown.exception is None
    assert "NaN" not in shown.output
    assert "null" in shown.output
    (result,) = json.loads(shown.output)
    assert result["guesser"] == "participant"


def test_wrong_guess_is_described_in_the_program_s_own_words(study: Path) -> None:
    with pytest.raises(SettingsError, match="a whole number from 0 to 10"):
        save_guess(study, "01", "b2", "participant", {"guess": "real", "sure": "x"})


def test_long_reason_is_asked_again(study: Path) -> None:
    typed = f"r\n4\n{'x' * 1001}\nthe sound\nnothing\n"
    place = ["study", "guess", "04", "--visit", "b2", "--recordings", str(study)]
    asked = CliRunner().invoke(app, place, input=typed)
    assert "1001 characters" in asked.output
    assert read_guesses(study)[-1].why == "the sound"
