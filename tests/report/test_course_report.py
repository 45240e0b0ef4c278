"""The report of a course, from simulated people played through as a clinic would."""

from __future__ import annotations

import importlib.util
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import ModuleType

import matplotlib as mpl
import pytest

from neurofeedback.analysis.course.course_measures import REPORTED_MEASURES
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.report.course.course_page import read_course_content, write_course_report
from neurofeedback.report.course.course_plots import plot_measures
from neurofeedback.report.course.pdf import write_pdf
from neurofeedback.verification.check_facts import check_record
from neurofeedback.verification.check_result import CheckStatus
from tests.bids import bids_errors
from tests.helpers import ROOT

FORBIDDEN = ("improve", "better than", "worse than", "respond", "recover", "effective", "significant", "p =", "p <")

WRITTEN = {
    "infusion": ("infusion-clinic.html",),
    "meditation": ("meditation-patient.html",),
    "both": ("both-clinic.html", "both-patient.html", "both-clinic.pdf", "both-patient.pdf"),
}
# without qapp the first PDF makes an application that no window's test can use
pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("qapp")]


def example() -> ModuleType:
    path = ROOT / "docs" / "examples" / "courses" / "simulated_courses.py"
    spec = importlib.util.spec_from_file_location("simulated_courses", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["simulated_courses"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Play the three courses of the documentation through, with short recordings and few of them."""
    module, folder = example(), tmp_path_factory.mktemp("course")
    root, first_day = folder / "recordings", datetime(2026, 10, 5).astimezone()
    recordings: dict[str, tuple[str, ...]] = {"infusion": (), "meditation": (), "both": ("during",)}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            patch.setenv(name, str(folder / "home"))
        for scenario in module.SCENARIOS:
            few = replace(
                module.shorten(scenario),
                sitting_days=scenario.sitting_days[:1],
                recordings=recordings[scenario.participant],
            )
            module.play(root, few, first_day)
            content = module.read(root, few, first_day)
            for name in WRITTEN[scenario.participant]:
                edition = "patient" if "patient" in name else "clinic"
                write_course_report(content, folder / name, edition=edition, by="Dr. Roe")
    return folder


def words(folder: Path, name: str) -> str:
    html = (folder / name).read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", re.sub(r"<style.*?</style>|<svg.*?</svg>|<[^>]+>", " ", html, flags=re.DOTALL))


@pytest.mark.parametrize("edition", ["clinic", "patient"])
def test_the_report_is_two_pages_of_pdf(edition: str, folder: Path) -> None:
    from PyQt6.QtPdf import QPdfDocument

    document = QPdfDocument(None)
    document.load(str(folder / f"both-{edition}.pdf"))
    assert document.pageCount() == 2
    document.close()


def test_a_pdf_written_in_a_helper_thread_gives_no_message_of_qt(tmp_path: Path) -> None:
    """The tests' settings let a test fail at a warning of Qt."""
    out = tmp_path / "long.pdf"
    with ThreadPoolExecutor(1) as helper:
        helper.submit(write_pdf, "<p>some words</p>" * 3000, out).result()
    assert out.read_bytes().startswith(b"%PDF")


def test_a_measure_that_no_session_has_is_named_as_not_measured(folder: Path) -> None:
    content = example().read(folder / "recordings", example().SCENARIOS[0], datetime(2026, 10, 5).astimezone())
    with mpl.rc_context({"svg.fonttype": "none"}):
        assert plot_measures(content.data, [], "svg").count("not measured") == len(REPORTED_MEASURES)


def test_the_clinics_edition_begins_with_what_nobody_acknowledged(folder: Path) -> None:
    text = words(folder, "both-clinic.html")
    assert text.index("NOT YET ACKNOWLEDGED: 1 to") < text.index("The days")
    assert "spoke with her at 9:30, no plan, sister informed" in text
    assert "146/92 mmHg, pulse 84, lowest SpO2 97 %" in text
    assert "told not to drive" in text


def test_the_patients_edition_has_no_item_9_and_no_vital_signs(folder: Path) -> None:
    text = words(folder, "both-patient.html")
    for hidden in ("better off dead", "item 9", "acknowledge", "146/92", "mmHg", "SpO2"):
        assert hidden not in text
    assert "What this cannot say" in text
    assert "Ward 3, 555 0100" in text


@pytest.mark.parametrize("who", ["infusion-clinic", "meditation-patient", "both-clinic", "both-patient"])
def test_no_edition_names_an_effect(who: str, folder: Path) -> None:
    text = words(folder, f"{who}.html").lower()
    assert [word for word in FORBIDDEN if word in text] == []
    assert ("nothing within one session is called a trend" in text) is who.startswith("both")
    assert "one person, no control" in text
    assert "wandering index" not in text


def test_the_course_within_the_session_is_of_this_recording(folder: Path) -> None:
    text = words(folder, "both-clinic.html")
    assert "95 % interval of this recording" in text
    assert "Within the session of 2026-10-05 14:03, eyes closed" in text
    assert "No band: it takes 8 ordinary sessions" in text


def test_doses_are_reported_without_any_recording(folder: Path) -> None:
    text = words(folder, "infusion-clinic.html")
    assert "35 mg (0.5 mg/kg) over 40 min 35 0.5 14:45" in text
    assert "No recording covers the time of a dose." in text


def test_the_dataset_of_the_example_is_valid_and_its_record_is_whole(folder: Path) -> None:
    root = folder / "recordings"
    assert {one.item: one.text for one in check_record(root) if one.status is not CheckStatus.OK} == {}
    assert bids_errors(root) == []


def test_an_existing_file_is_not_overwritten(folder: Path, tmp_path: Path) -> None:
    content = read_course_content(folder / "recordings", "meditation")
    with pytest.raises(RecordingError, match="file of this name"):
        write_course_report(content, folder / "both-clinic.pdf")
    with pytest.raises(SettingsError, match="format"):
        write_course_report(content, tmp_path / "report.docx")
    with pytest.raises(SettingsError, match="no course"):
        read_course_content(folder / "recordings", "nobody")
