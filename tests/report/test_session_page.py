"""A report against sessions whose truth is known: what it says, that it stands alone, and that nothing breaks it."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from neurofeedback.analysis.body.body_file import RateSummary, SessionBody
from neurofeedback.cli.commands.report import report_document
from neurofeedback.engine import FrameEngine
from neurofeedback.errors import RecordingError
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.recording.session_json import SessionSummary, StartState
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.report import session_data
from neurofeedback.report import session_page as report
from neurofeedback.report.session_data import SessionData, load_session_data
from neurofeedback.report.session_page import create_report, write_report
from neurofeedback.settings.estimation import ThresholdSettings
from neurofeedback.settings.load import dump_profile, resolve
from neurofeedback.settings.model import Settings
from neurofeedback.texts import body
from neurofeedback.texts.session import DISCLAIMER, INDEX_MEANING, STOP_ADVICE
from neurofeedback.types import INDEX_NAME, Chunk, Command, CommandKind, Event, EventKind, LostRun, Phase, StreamInfo

SFREQ = 256.0
MUSE = StreamInfo("muse-2", SFREQ, ("TP9", "AF7", "AF8", "TP10"), montage="muse", reference="Fpz")
BEGINS = {Phase.BASELINE: 10.0, Phase.PRACTICE: 50.0, Phase.TRANSFER: 90.0}
SECONDS = 100.0
EXPONENT, UV2_AT_1_HZ, ALPHA_HZ = 1.3, 12.0, 10.4
NASTY = "<script>alert('x')</script> & $\\frac{1}{$ \"'"
READ = 64
SLOW_CLOCK = 0.999

Spoil = Callable[[NDArray[np.float32]], None]


def brain(n_channels: int, seconds: float, sfreq: float = SFREQ) -> NDArray[np.float32]:
    """Noise of density UV2_AT_1_HZ / f^EXPONENT (uV^2/Hz) with alpha on the first and last channel."""
    rng = np.random.default_rng(5)
    n = round(seconds * sfreq)
    freqs = np.maximum(np.fft.rfftfreq(n, 1 / sfreq), 0.5)
    noise = np.fft.rfft(rng.standard_normal((n_channels, n)) * np.sqrt(sfreq / 2))
    data = np.fft.irfft(noise * np.sqrt(UV2_AT_1_HZ * freqs**-EXPONENT), n)
    alpha = signal.sosfilt(
        signal.butter(2, (ALPHA_HZ - 0.4, ALPHA_HZ + 0.4), "band", fs=sfreq, output="sos"), rng.standard_normal(n)
    )
    data[[0, -1]] += 6 * alpha / alpha.std()
    return data.astype(np.float32)


def record(
    root: Path,
    *,
    stream: StreamInfo = MUSE,
    settings: Settings | None = None,
    seconds: float = SECONDS,
    spoil: Spoil = lambda data: None,
    events: tuple[Event, ...] = (),
    stop: str | None = "done",
    change: Callable[[str], str] = str,
) -> Path:
    """Record a session as the runner does; ``stop`` None leaves it as a kill would."""
    named, profile = resolve(settings or Settings(), stream)
    engine = FrameEngine(named.sfreq, profile)
    start = StartState(seed=4, versions={"neurofeedback-meditation": "0.1.0"})
    started = datetime(2026, 11, 22, 9, 15).astimezone()
    header = SessionHeader("01", named, change(dump_profile(profile)), start, engine.columns, started)
    writer = SessionWriter(root, header)
    commands = [Command(round(at * named.sfreq), CommandKind.PHASE, phase) for phase, at in BEGINS.items()]
    commands = [command for command in commands if command.sample < seconds * named.sfreq]
    data = brain(named.n_channels, seconds, named.sfreq)
    spoil(data)
    for first in range(0, data.shape[1], READ):
        piece = data[:, first : first + READ]
        lost = (LostRun(first, piece.shape[1]),) if np.isnan(piece).all() else ()
        host = 7.0 + (first + piece.shape[1]) / named.sfreq / SLOW_CLOCK
        chunk = Chunk(first, piece.copy(), lost, None, host)
        writer.process_chunk(chunk)
        writer.process_frames(
            [replace(frame, latency_ms=20.0) for frame in engine.process(chunk, () if first else commands)]
        )
    for event in (*commands, *events):
        writer.process_event(event)
    if stop is None:
        writer._stop()
        writer._lock.release()
        return writer.derived
    writer.process_event(Event(data.shape[1], EventKind.STOP, stop))
    writer.close(SessionSummary(reconnects=0, audio_underruns=3))
    return writer.derived


def at(second: float) -> int:
    return round(second * SFREQ)


def spoil_known(data: NDArray[np.float32]) -> None:
    data[1, at(50) :] = 0.25  # AF7 comes off as practice begins
    data[:, at(70) : at(72)] = np.nan
    data[3, at(80) : at(82)] += 300 * np.sign(np.sin(np.arange(at(2)) * 0.9)).astype(np.float32)


KNOWN_EVENTS = (
    Event(at(55), EventKind.PROBE, "1"),
    Event(at(57), EventKind.ANSWER_WHERE, "2"),
    Event(at(58), EventKind.ANSWER_SURE, "3"),
    Event(at(59), EventKind.ANSWER_SLEEPY, "1"),
    Event(at(60), EventKind.MARK, NASTY),
    Event(at(65), EventKind.PRESS),
    Event(at(70), EventKind.SIGNAL_LOST),
    Event(at(72), EventKind.SIGNAL_BACK, "2.00 s"),
)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> SessionData:
    session = record(tmp_path_factory.mktemp("known"), spoil=spoil_known, events=KNOWN_EVENTS)
    write_report(session)
    return load_session_data(session)


@pytest.fixture(scope="module")
def page(known: SessionData) -> str:
    return known.files.derived_file("report.html").read_text(encoding="utf-8")


@dataclass
class Read:
    """A page as a reader sees it."""

    tags: Counter[str]
    attributes: list[tuple[str, str]]
    text: str
    unclosed: list[str]


class Reader(HTMLParser):
    EMPTY = frozenset({"meta", "br", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.read = Read(Counter(), [], "", [])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.read.tags[tag] += 1
        self.read.attributes += [(name, value or "") for name, value in attrs]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.read.unclosed.append(tag)

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.read.text += data


def read(html: str) -> Read:
    reader = Reader()
    reader.feed(html)
    reader.close()
    reader.read.unclosed += reader.open
    reader.read.text = re.sub(r"\s+", " ", reader.read.text)
    return reader.read


def report_of(session: Path) -> Read:
    return read(write_report(session).read_text(encoding="utf-8"))


def row_of(html: str, name: str) -> str:
    """Text of the last row of that name."""
    found = re.findall(rf"<tr[^>]*><th>{name}</th>(.*?)</tr>", html, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", found[-1])).strip()


# --- what it says ---


def test_answers_are_described_and_drawn_in_the_timeline(page: str) -> None:
    text = read(page).text
    assert "The chime asked once: 1 elsewhere." in text
    assert "You noticed your mind wandering once" in text
    assert "answer: elsewhere" in text
    assert "noticed wandering (key)" in text
    assert "answer: on the breath" not in text, "nobody gave that answer"


def test_page_describes_the_personal_decoder(page: str, known: SessionData) -> None:
    text = read(page).text
    assert "What the program has learned about this person" in text
    assert "Too early to say" in text or "Nothing is learned yet" in text


def test_it_begins_with_length_usable_share_and_what_it_was(known: SessionData, page: str) -> None:
    logged = known.files.frame_log.read_text().splitlines()
    names, rows = logged[0].split("\t"), [line.split("\t") for line in logged[1:]]
    usable = np.mean([row[names.index("valid")] == "1" for row in rows])
    lines = re.findall(r"<p>(.*?)</p>", page)[:3]
    assert lines[0] == "The sitting lasted 1 minute 40 seconds."
    assert lines[1] == f"{100 * usable:.0f} % of it had a usable signal."
    assert 0.5 < usable < 1
    assert lines[2].startswith("Settling in, baseline, practice, without feedback · muse-2 · participant 01 · 22")


def test_phases_are_where_the_commands_put_them(known: SessionData) -> None:
    assert [phase.phase for phase in known.phases] == ["settle", "baseline", "practice", "transfer"]
    for phase in known.phases[1:]:
        assert phase.start_s == pytest.approx(BEGINS[Phase(phase.phase)], abs=0.25)
    assert known.phases[-1].stop_s == SECONDS


def test_loss_and_clock_are_those_of_the_recording(known: SessionData, page: str) -> None:
    sent = known.transmission
    assert (sent.n_lost, sent.n_gaps) == (512, 1)  # two seconds, although in eight reads
    assert sent.effective_sfreq == pytest.approx(SFREQ * SLOW_CLOCK, rel=1e-6)
    assert sent.latency_ms == (20.0, 20.0)
    assert row_of(page, "Samples") == "25600, of which 512 lost (2.00 %)"
    assert "(-0.100 %)" in row_of(page, "Sampling rate")
    assert row_of(page, "Sound not ready in time") == "3 times"


def test_lifted_electrode_is_reported_with_reason(known: SessionData, page: str) -> None:
    by_name = {channel.ch_name: channel for channel in known.contacts.channels}
    assert by_name["AF7"].bad == pytest.approx(0.47, abs=0.06)
    assert by_name["AF7"].reasons[0][0] == "flat: no skin contact"
    assert by_name["AF8"].bad < 0.1
    assert "flat: no skin contact" in row_of(page, "AF7")
    assert "flat: no skin contact" not in row_of(page, "AF8")


def test_no_index_where_the_signal_was_lost_or_unclear(known: SessionData) -> None:
    log = known.frames
    lost = log.unusable_reason == "lost"
    assert set(log.onset[lost].tolist()) <= set(np.arange(70, 74.5, 0.25).tolist())
    assert lost.sum() >= 4
    assert not np.isfinite(log.mwi[log.unusable_reason != ""]).any()
    assert np.isfinite(log.mwi[(log.phase == "practice") & (log.unusable_reason == "")]).all()


def test_marks_and_losses_are_listed_with_their_times(page: str) -> None:
    rows = re.findall(r"<td>(\d+:\d\d)</td><td>([a-z ]+)</td><td>(.*?)</td>", page)
    assert [(time, name) for time, name, _ in rows] == [
        ("1:00", "mark"),
        ("1:10", "signal lost"),
        ("1:12", "signal back"),
        ("1:40", "end"),
    ]


def test_spectra_are_those_of_the_clean_signal(known: SessionData) -> None:
    """The burst on TP10 and the flat stretch of AF7 leave no trace; levels, slopes and alpha are the truth's."""
    panels = {panel.label: panel.spectra for panel in known.panels}
    assert set(panels["AF7"]) == {Phase.BASELINE}
    for name in ("AF8", "TP10"):
        for spectrum in panels[name].values():
            assert spectrum.exponent == pytest.approx(EXPONENT, abs=0.15)
            band = (spectrum.freqs >= 16) & (spectrum.freqs <= 40)
            truth = UV2_AT_1_HZ * spectrum.freqs[band] ** -EXPONENT
            assert np.mean(spectrum.psd[band] / truth) == pytest.approx(1, abs=0.12)
    peak = panels["TP10"][Phase.PRACTICE]
    assert peak.freqs[np.argmax(peak.psd * peak.freqs)] == pytest.approx(ALPHA_HZ, abs=0.5)
    assert known.contacts.iaf_hz == pytest.approx(ALPHA_HZ, abs=0.3)


def test_many_channels_are_shown_by_region(tmp_path: Path) -> None:
    names = ("Fz", "F3", "F4", "Cz", "Pz", "P3", "P4", "O1", "O2")
    session = record(tmp_path, stream=StreamInfo("lsl:cap", 125.0, names), seconds=60.0)
    assert [panel.label for panel in load_session_data(session).panels] == [
        "frontal (mean)",
        "posterior (mean)",
        "all (mean)",
    ]
    assert report_of(session).unclosed == []


def test_eight_channels_are_shown_one_by_one_also_those_without_clean_signal(tmp_path: Path) -> None:
    names = ("Fz", "F3", "F4", "Pz", "P3", "P4", "Oz")

    def spoil(data: NDArray[np.float32]) -> None:
        data[2] = 0.25
        data[-1] = data[-2, ::-1]  # and no alpha at the back of the head

    session = record(tmp_path, stream=StreamInfo("lsl:cap", SFREQ, names), seconds=60.0, spoil=spoil)
    panels = load_session_data(session).panels
    assert [panel.label for panel in panels] == list(names)
    assert [panel.label for panel in panels if not panel.spectra] == ["F4"]
    text = report_of(session).text
    assert "too little clean signal" in text
    assert "No clear alpha peak was found" in text


def test_settings_that_differ_are_marked_and_all_are_there(tmp_path: Path) -> None:
    session = record(tmp_path, settings=Settings(threshold=ThresholdSettings(target_rate=0.7)), seconds=20.0)
    html = write_report(session).read_text(encoding="utf-8")
    assert row_of(html, "threshold.target_rate").startswith("0.7 0.65 ")
    assert len(re.findall(r'<tr class="changed">', html)) == 2  # in the short table and among all
    assert "emg_beta_gain" in html.partition("<details>")[2]


def test_default_settings_are_called_so(page: str) -> None:
    assert "All settings were the program's own." in page
    assert "changed" not in page.partition("<body>")[2]


def test_page_lists_montage_evidence_versions_and_raw_data_path(page: str) -> None:
    assert "reference Fpz" in row_of(page, "Montage")
    assert "van Son 2019" in page
    assert row_of(page, "Recorded with") == "neurofeedback-meditation 0.1.0"
    assert row_of(page, "Raw data").startswith("sub-01/ses-20261122T091500/eeg/")


def test_json_document_matches_the_page(known: SessionData) -> None:
    document = report_document(create_report(known.files.raw).data)
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text) == document
    assert document["n_lost"] == 512
    assert document["finished"] is True
    assert document["report"] == str(known.files.derived_file("report.html"))


# --- how it is meant ---


def test_claims_are_listed_once_at_the_end(page: str) -> None:
    text = read(page).text
    assert text.count(DISCLAIMER) == 1
    assert text.strip().endswith(STOP_ADVICE)
    assert INDEX_NAME in text
    assert INDEX_MEANING in text
    page_text = read(page.partition("<details>")[0]).text.lower()  # then come the settings, then the claims
    for word in ("dmn", "default mode", "improve", "reward", "probability", "percentile", "score"):
        assert word not in page_text
    assert "is progress or its opposite" in page_text


def test_page_has_space_for_notes(page: str) -> None:
    notes = page.partition('<section class="notes">')[2].partition("</section>")[0]
    assert notes.count("<div></div>") >= 6


# --- one file, whole and harmless ---


def test_page_is_self_contained(page: str) -> None:
    page_read = read(page)
    assert set(re.findall(r"https?://[^\s\"<>]+", page)) == {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "file:" not in page
    for name, value in page_read.attributes:
        if name in {"href", "src", "xlink:href"}:
            assert value.startswith(("#", "data:image/png;base64,"))
    assert not re.search(r"@import|url\((?!#)", page)
    assert not page_read.tags.keys() & {"script", "link", "iframe", "img", "object"}


def test_it_is_small_and_its_markup_is_sound(page: str) -> None:
    page_read = read(page)
    assert len(page.encode()) < 1_500_000
    assert page_read.unclosed == []
    assert page_read.tags["svg"] == 2
    ids = [value for name, value in page_read.attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_what_a_person_typed_stays_text(page: str) -> None:
    assert "alert(" in read(page).text
    assert "<script" not in page


def test_hostile_names_of_channels_devices_and_sources_stay_text(tmp_path: Path) -> None:
    stream = StreamInfo(NASTY, 250.0, (NASTY, "Fz", "Pz", "漢字電極\x07"), facts={NASTY: NASTY}, model=NASTY)
    session = record(tmp_path, stream=stream, seconds=60.0, change=lambda toml: toml.replace("van Son 2019", "<b>van"))
    html = write_report(session).read_text(encoding="utf-8")
    page_read = read(html)
    assert page_read.unclosed == []
    assert not page_read.tags.keys() & {"script", "b"}
    assert "漢字電極" in page_read.text


def test_second_report_replaces_the_first_without_leftovers(known: SessionData, page: str) -> None:
    before = sorted(known.files.derived.iterdir())
    path = write_report(known.files.derived_file("summary.json"))
    assert path.read_text(encoding="utf-8") == page
    assert sorted(known.files.derived.iterdir()) == before


# --- sessions that are not as they should be ---


def test_killed_session_is_reported_as_interrupted(tmp_path: Path) -> None:
    session = record(tmp_path / "rec", stop=None, seconds=70.0)
    frames = next(session.glob("*timeseries.tsv"))
    with frames.open("a") as log:
        log.write("71.25\t182")  # torn by the kill
    assert "This session broke off" in report_of(session).text
    assert not list(session.glob("*summary.json"))
    recover_sessions(tmp_path / "rec")
    recovered = report_of(session).text
    assert "This session broke off" in recovered
    assert "1 minute 10 seconds, is here" in recovered


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.2, "ended before its first quarter of a second"),
        (8.0, "There is no index: the sitting ended before its baseline was complete."),
        (30.0, "There is no index: the sitting ended before its baseline was complete."),
    ],
)
def test_session_too_short_for_a_baseline_is_explained(seconds: float, expected: str, tmp_path: Path) -> None:
    page_read = report_of(record(tmp_path, seconds=seconds, stop="asked"))
    assert expected in page_read.text
    assert "The sitting was ended before its planned time." in page_read.text
    assert page_read.unclosed == []


def test_baseline_without_clean_signal_explains_the_missing_index(tmp_path: Path) -> None:
    def spoil(data: NDArray[np.float32]) -> None:
        data[:, at(10) :] = 0.25

    session = record(tmp_path, spoil=spoil)
    assert "There is no index: the baseline had too little clean signal" in report_of(session).text
    assert not load_session_data(session).frames.has_index


def test_session_without_valid_frame_is_explained(tmp_path: Path) -> None:
    def spoil(data: NDArray[np.float32]) -> None:
        data[:] = 0.25

    text = report_of(record(tmp_path, spoil=spoil, seconds=60.0)).text
    assert "None of it had a usable signal." in text
    assert "nothing can be said about the sitting" in text
    assert "Neither baseline nor practice held enough clean signal" in text


def test_thousands_of_marks_make_no_thousands_of_rows(tmp_path: Path) -> None:
    events = tuple(Event(k, EventKind.MARK) for k in range(3000))
    html = write_report(record(tmp_path, seconds=20.0, events=events)).read_text(encoding="utf-8")
    assert "And 2801 more" in html
    assert len(html) < 500_000


def test_a_session_being_recorded_is_left_alone(tmp_path: Path) -> None:
    named, profile = resolve(Settings(), MUSE)
    header = SessionHeader(
        "01", named, dump_profile(profile), StartState(), ("ln_beta_all",), datetime(2026, 11, 22).astimezone()
    )
    writer = SessionWriter(tmp_path, header)
    writer.process_chunk(Chunk(0, brain(4, 1.0)))
    with pytest.raises(RecordingError, match="still being recorded"):
        write_report(tmp_path)
    writer.close()
    assert write_report(tmp_path).exists()


def test_unreportable_session_is_a_clear_error(known: SessionData, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="there is no recording"):
        write_report(tmp_path / "nowhere")
    foreign = tmp_path / "brainflow.csv"
    foreign.write_text("timestamps,TP9,AF7,AF8,TP10\n" + "".join(f"{k / 256},1,2,3,4\n" for k in range(600)))
    with pytest.raises(RecordingError, match="this program's sessions"):
        write_report(foreign)


@pytest.mark.parametrize(
    ("suffix", "content", "message"),
    [
        ("settings.toml", "nonsense = ", "settings cannot be used"),
        ("timing.tsv", "kind\nread\n", "not a timing row"),
        ("start.json", "{}", "does not describe a session"),
        ("desc-frames_timeseries.tsv", "onset\tphase\n0.25\tsettle\n", "not a frame log"),
        ("desc-frames_timeseries.tsv", "onset\n\n", "not a frame log"),
    ],
)
def test_a_damaged_file_is_named(known: SessionData, suffix: str, content: str, message: str, tmp_path: Path) -> None:
    shutil.copytree(known.files.root, tmp_path / "copy")
    next((tmp_path / "copy").rglob(f"derivatives/**/*_{suffix}")).write_text(content)
    with pytest.raises(RecordingError, match=message):
        write_report(tmp_path / "copy")


def test_settings_of_another_headset_are_refused(known: SessionData, tmp_path: Path) -> None:
    shutil.copytree(known.files.root, tmp_path / "copy")
    settings = next((tmp_path / "copy").rglob("*_settings.toml"))
    settings.write_text(settings.read_text().replace('"TP10",\n]\nfrontal', '"TP10",\n    "X5",\n]\nfrontal'))
    assert "X5" in settings.read_text()
    with pytest.raises(RecordingError, match="settings cannot be used"):
        write_report(tmp_path / "copy")


def test_truncated_samples_give_a_report_of_the_frame_log(known: SessionData, tmp_path: Path) -> None:
    shutil.copytree(known.files.root, tmp_path / "copy")
    samples = next((tmp_path / "copy").rglob("*_eeg.eeg"))
    samples.write_bytes(samples.read_bytes()[: 16 * 20])
    page_read = report_of(tmp_path / "copy")
    assert page_read.tags["svg"] == 1
    assert page_read.unclosed == []


def test_unreadable_file_is_named(known: SessionData, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(session_data, "read_timing", refused)
    with pytest.raises(RecordingError, match=r"_timing.tsv: Permission denied"):
        write_report(known.files.derived)


def test_full_disk_is_an_error_and_leaves_the_old_report(
    known: SessionData, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report, "write_atomic", full)
    with pytest.raises(RecordingError, match="No space left on device"):
        write_report(known.files.derived)
    assert known.files.derived_file("report.html").read_text(encoding="utf-8") == page


def test_heart_and_breath_are_a_section_of_their_own_where_they_were_recorded(known: SessionData) -> None:
    assert body.TITLE not in report.render(known)
    measured = SessionBody(heart=RateSummary(61.6, 60.4, 62.9, 0.9, 30, "motion"), still_share=0.8)
    text = read(report.render(replace(known, body=measured))).text
    for part in (body.TITLE, "61.6 a minute on average (95 % interval 60.4 to 62.9)", "90 % of the time", body.NOTE):
        assert part in text
    assert "R&R" in read(report.render(replace(known, body_problem="R&R"))).text
