"""The frame log's text: one row a frame, exact numbers, every column described."""

import csv
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.recording import frame_log
from neurofeedback.types import Frame, Guidance, Phase, State

COLUMNS = ("ln_theta_frontal", "z_ln_theta_frontal")


def make_frame(index: int = 0, *, index_u: float = 0.1, latency_ms: float = math.nan, values=(1.0, math.nan)) -> Frame:
    sample = 64 * (index + 1)
    return Frame(
        index=index,
        sample=sample,
        onset=sample / 256,
        phase=Phase.PRACTICE,
        valid=True,
        signal=1.0,
        confidence=0.3,
        state=State.FOCUS,
        drowsy=False,
        index_u=index_u,
        mwi=53.98,
        threshold=0.2,
        reward=True,
        guidance=Guidance(tone_gain=0.156),
        values=tuple(values),
        contacts=(),
        latency_ms=latency_ms,
    )


def log(*made: Frame) -> list[str]:
    return [frame_log.format_header(COLUMNS), *map(frame_log.format_row, made)]


def test_columns_are_in_the_documented_order():
    documented = (
        "onset sample phase valid signal confidence state drowsy index_u mwi threshold reward tone_gain latency_ms"
    )
    assert " ".join(frame_log.format_header(()).split()) == documented


def test_a_row_has_a_cell_for_each_column():
    table = list(csv.DictReader(io.StringIO("".join(log(make_frame()))), delimiter="\t"))
    assert table[0]["valid"] == "1"
    assert table[0]["state"] == "FOCUS"
    assert table[0]["latency_ms"] == "n/a"
    assert table[0]["z_ln_theta_frontal"] == "n/a"
    assert None not in table[0]


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_numbers_have_nine_digits_or_are_na(value: float):
    text = frame_log.format_number(value)
    if math.isfinite(value):
        assert float(text) == pytest.approx(value, rel=1e-8)
    else:
        assert text == "n/a"


def test_onsets_are_exact_after_ten_hours():
    frame = make_frame(144_000)
    assert float(frame_log.format_row(frame).split("\t")[0]) == frame.onset


@pytest.mark.parametrize(
    "name", ["ln_alpha_all", "chi_posterior", "o_alpha_frontal", "cog_all", "z_chi_all", "zt_ln_beta_frontal", "other"]
)
def test_every_column_is_described(name: str):
    described = frame_log.describe_columns((name,))
    assert set(described) == {*frame_log.FIXED_COLUMNS, name}
    assert all(entry["Description"] for entry in described.values())


def test_tracked_z_score_has_its_own_description():
    described = frame_log.describe_columns(("z_chi_all", "zt_chi_all"))
    assert "tracked" in str(described["zt_chi_all"]["Description"])
    assert "frozen" in str(described["z_chi_all"]["Description"])


def test_latency_alone_is_no_difference():
    assert frame_log.find_first_difference(log(make_frame(latency_ms=12.5)), log(make_frame())) is None


def test_the_first_difference_is_named():
    ours = log(make_frame(0), make_frame(1, index_u=0.1))
    theirs = log(make_frame(0), make_frame(1, index_u=0.2))
    assert frame_log.find_first_difference(ours, theirs) == "row 2, index_u: '0.1' against '0.2'"


def test_other_columns_and_lengths_are_differences():
    assert (
        frame_log.find_first_difference([frame_log.format_header(("a",))], [frame_log.format_header(("b",))])
        == "header, a: 'a' against 'b'"
    )
    assert frame_log.find_first_difference(log(make_frame()), log()) == "row 1: only in the first log"
    assert frame_log.find_first_difference(log(), log(make_frame())) == "row 1: only in the second log"
