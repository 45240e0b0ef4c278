"""Practices: what is shipped, when their texts are due, and what a session without feedback records."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from neurofeedback.errors import SettingsError
from neurofeedback.formats.reader import find_session, open_recording
from neurofeedback.learning.past_sessions import collect_labels, finished_sessions
from neurofeedback.recording.session_notes import SessionNotes, write_notes
from neurofeedback.session.config import SessionConfig
from neurofeedback.session.phase_controller import PhaseController
from neurofeedback.session.plan import GuideCue, Segment, SessionPlan, plan_session
from neurofeedback.session.practice.guide import SHOWN_S, GuideTimer, PracticeGuide
from neurofeedback.session.session import Session
from neurofeedback.session.setup import practice_settings
from neurofeedback.session.voice.announcer import VoiceAnnouncer
from neurofeedback.settings.audio_feedback import AudioSettings
from neurofeedback.settings.load import available, load_programme
from neurofeedback.settings.model import Settings
from neurofeedback.settings.programme import Programme, SegmentSettings
from neurofeedback.settings.session import PacerSettings, PhaseSettings
from neurofeedback.texts.probe_questions import WHERE
from neurofeedback.types import EventKind, Phase
from neurofeedback.verification.verify import CheckStatus, verify
from tests.session.test_programmes import Run
from tests.session.voice.test_announcer import Heard

WITH_TEXTS = ("breath-focus", "open-awareness", "loving-kindness", "body-scan", "absorption")
cue_times = st.lists(st.floats(0, 100), min_size=1, max_size=6, unique=True).map(sorted)


def guided(times: list[float], phase: Phase = Phase.TRANSFER) -> Segment:
    return Segment(phase, 120.0, guide=tuple(GuideCue(at_s, f"text {at_s}") for at_s in times))


class TestWhatIsShipped:
    def test_practices_have_texts_of_their_own_and_feedback_only_on_the_breath(self) -> None:
        practices = {name: load_programme(name) for name in WITH_TEXTS}
        assert [name for name, practice in practices.items() if practice.has_feedback] == ["breath-focus"]
        for practice in practices.values():
            texts = [text for segment in practice.segments for text in segment.guide]
            assert len(texts) >= 3
            assert all(text.id for text in texts), "each has a recording"
            assert texts[0].at_min == 0

    @pytest.mark.parametrize("name", available("programmes"))
    @pytest.mark.parametrize("minutes", [None, 5.0, 40.0])
    def test_every_text_comes_before_the_end_of_its_segment_at_any_length(
        self, name: str, minutes: float | None
    ) -> None:
        programme = load_programme(name)
        if minutes is not None and not programme.flexible:
            return
        for segment in plan_session(PhaseSettings(), minutes, 60.0, programme).segments:
            assert all(cue.at_s < segment.length_s for cue in segment.guide)


class TestPlan:
    def test_practice_without_feedback_has_neither_baseline_nor_practice_phase(self) -> None:
        plan = plan_session(PhaseSettings(), None, 60.0, load_programme("body-scan"))
        assert [phase for phase, _ in plan.phases] == [Phase.SETTLE, Phase.TRANSFER, Phase.DEBRIEF]
        assert (plan.has_feedback, plan.practice, plan.short_baseline_notice) == (False, "Body scan", "")
        assert plan.total_s == pytest.approx(1200)

    def test_paced_breathing_comes_before_settling_and_baseline_at_the_pace_that_is_set(self) -> None:
        paced = load_programme("paced-start")
        plan = plan_session(PhaseSettings(), None, 60.0, paced)
        assert [(segment.phase, segment.breaths_per_min) for segment in plan.segments[:4]] == [
            (Phase.SETTLE, 6.0), (Phase.SETTLE, 0.0), (Phase.BASELINE, 0.0), (Phase.PRACTICE, 0.0)
        ]  # fmt: skip
        assert plan.total_s == pytest.approx(22 * 60)
        faster = plan_session(PhaseSettings(), None, 60.0, paced, breaths_per_min=7.5)
        assert [segment.breaths_per_min for segment in faster.segments] == [7.5, 0, 0, 0, 0, 0]
        for pace in (0.0, 4.0, 8.0):
            assert PacerSettings(breaths_per_min=pace).breaths_per_min == pace
        for pace in (3.9, 8.1, -1.0):
            with pytest.raises(ValidationError):
                PacerSettings(breaths_per_min=pace)

    def test_texts_are_at_the_same_shares_of_another_length(self) -> None:
        scan = load_programme("body-scan")
        own, short = (plan_session(PhaseSettings(), minutes, 60.0, scan).segments[1] for minutes in (None, 10.0))
        shares = [[cue.at_s / segment.length_s for cue in segment.guide] for segment in (own, short)]
        assert shares[0] == pytest.approx(shares[1])
        assert [cue.at_s for cue in own.guide][:3] == pytest.approx([0, 60, 150])

    def test_practice_without_feedback_asks_and_learns_nothing(self) -> None:
        probes = practice_settings(Settings(), load_programme("absorption")).probes
        assert (probes.enabled, probes.learn_live) == (False, False)
        assert practice_settings(Settings(), load_programme("breath-focus")) == Settings()
        own = Programme(name="x", title="x", evidence="open", learn=False, segments=(SegmentSettings(),))
        changed = practice_settings(Settings(), own)
        assert (changed.index.evidence, changed.probes.enabled, changed.probes.learn_live) == ("open", True, False)

    def test_extension_of_a_practice_without_feedback_is_without_feedback(self) -> None:
        controller = PhaseController(
            SessionPlan((Segment(Phase.TRANSFER, 20.0), Segment(Phase.DEBRIEF, 5.0)), 0.0, "Timer"), 250.0, 0
        )
        going = Run(controller)
        going.go(10)
        assert controller.extend(10)
        going.go(22)
        assert going.phases == [(30, "debrief")]
        assert controller.extend(10)
        going.go(60)
        assert going.phases[1:] == [(32, "transfer"), (42, "debrief")]

    @pytest.mark.parametrize("last_s", [5.0, 0.0])
    def test_plan_without_practice_and_title_is_extended_without_feedback(self, last_s: float) -> None:
        segments = (Segment(Phase.BASELINE, 5.0), Segment(Phase.TRANSFER, 10.0, breaths_per_min=6.0))
        segments += (Segment(Phase.DEBRIEF, last_s),) if last_s else ()
        controller = PhaseController(SessionPlan(segments, 0.0), 250.0, 0)
        going = Run(controller)
        going.go(10)
        assert controller.extend(10)
        going.go(17)
        if last_s:
            assert controller.extend(10)
            going.go(2)
            assert controller.segment.breaths_per_min == 6.0
        going.go(60)
        assert Phase.PRACTICE not in {phase for _, phase in going.phases}

    def test_time_in_a_segment_leaves_out_pauses(self) -> None:
        controller = PhaseController(SessionPlan(tuple(guided([0.0]) for _ in range(2)), 0.0), 250.0, 0)
        going = Run(controller)
        going.go(5)
        going.go(30, paused=True)
        assert controller.segment_s == pytest.approx(5, abs=0.3)
        going.go(116)
        assert controller.segment_s == pytest.approx(1, abs=0.3)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("[[segments]]\n[[segments.guide]]\ntext = ' '", "segments.0.guide.0.text = ' '"),
            ("[[segments]]\n[[segments.guide]]\nsay = 'x'", "unknown key segments.0.guide.0.say"),
            (
                "[[segments]]\nminutes = 2\n[[segments.guide]]\nat_min = 2\ntext = 'x'",
                "the text at minute 2 comes after the end of its segment of 2 minutes",
            ),
            (
                "[[segments]]\n[[segments.guide]]\ntext = 'x'\n[[segments.guide]]\ntext = 'y'",
                "each text of a guide must come later than the one before it",
            ),
            ("feedback = 'none'\n[[segments]]\ntarget_rate = 0.5", "without feedback there is no target_rate"),
            ("feedback = 'none'\nevidence = 'open'\n[[segments]]", "without feedback there is no evidence profile"),
            ("headset = false\n[[segments]]", "without a headset there is no feedback"),
            ("[[segments]]\n[[segments]]\nbreaths_per_min = 6", "with feedback a breath pacer comes first"),
            ("[[segments]]\nbreaths_per_min = 6", "with feedback, a segment must follow the breath pacer"),
            ("[[segments]]\nbreaths_per_min = 6\n[[segments]]\nminutes = 5", "before the baseline needs its minutes"),
            ("[[segments]]\nbreaths_per_min = 20", "segments.0.breaths_per_min = 20"),
        ],
    )
    def test_mistake_in_a_practice_file_is_one_sentence(self, tmp_path: Path, text: str, message: str) -> None:
        path = tmp_path / "own.toml"
        path.write_text(f'name = "own"\ntitle = "Own"\n{text}\n')
        with pytest.raises(SettingsError) as raised:
            load_programme(str(path))
        assert message in str(raised.value)
        assert "\n" not in str(raised.value)


class TestGuide:
    @settings(max_examples=30)
    @given(cue_times, st.lists(st.floats(0.01, 30), min_size=1, max_size=60))
    def test_texts_come_in_order_once_and_never_early(self, times: list[float], steps: list[float]) -> None:
        timer, segment, at_s = GuideTimer(), guided(times), 0.0
        spoken: list[GuideCue] = []
        for step in steps:
            cue = timer.update(segment, at_s)
            spoken += [cue] if cue else []
            assert all(cue.at_s <= at_s for cue in spoken)
            at_s += step
        assert spoken == sorted(set(spoken), key=lambda cue: cue.at_s)

    @settings(max_examples=30)
    @given(cue_times)
    def test_all_texts_are_spoken_with_small_steps_and_the_newest_after_a_gap(self, times: list[float]) -> None:
        segment = guided([float(round(at_s)) for at_s in times])
        steps = [cue for at_s in range(101) if (cue := GuideTimer().update(segment, at_s)) is not None]
        timer = GuideTimer()
        small = [cue for at_s in range(101) if (cue := timer.update(segment, at_s)) is not None]
        assert {cue.at_s for cue in small} == {cue.at_s for cue in segment.guide}
        assert steps[-1] == small[-1] == GuideTimer().update(segment, 1000.0)

    def test_text_that_is_due_while_a_question_is_open_comes_after_it(self) -> None:
        timer, segment = GuideTimer(), guided([0.0, 10.0])
        timer.update(segment, 0.0)
        assert timer.update(segment, 11.0, wait=True) is None
        cue = timer.update(segment, 14.0)
        assert cue is not None
        assert cue.at_s == 10.0

    def test_text_stays_on_screen_but_with_feedback_only_for_a_while(self) -> None:
        for phase, later in ((Phase.TRANSFER, "text 0.0"), (Phase.PRACTICE, "")):
            timer, segment = GuideTimer(), guided([0.0], phase)
            assert timer.text_shown(0.0) == ""
            timer.update(segment, 0.0)
            assert timer.text_shown(SHOWN_S - 1) == "text 0.0"
            timer.update(segment, SHOWN_S)
            assert timer.text_shown(SHOWN_S) == later

    def test_practice_speaks_for_itself_and_other_phases_are_announced(self) -> None:
        heard, noted = Heard(), list[str]()
        announcer = VoiceAnnouncer(AudioSettings(voice_enabled=True), heard, eyes_open=False, note=noted.append)
        guide = PracticeGuide(announcer, heard, practice="Body scan")
        plan = (
            Segment(Phase.SETTLE, 30.0),
            guided([0.0, 10.0]),
            Segment(Phase.TRANSFER, 9.0),
            Segment(Phase.REST, 9.0),
        )
        for segment in plan:
            guide.announce_phase(segment, 0.0)
        assert noted == ["phase_settle", "phase_rest"]
        guide.update(plan[1], 0.0, 1.0)
        announcer.update_question(WHERE, 2.0)
        guide.update(plan[1], 11.0, 2.0)
        announcer.update_question(None, 3.0)
        guide.update(plan[1], 12.0, 3.0, paused=True)
        assert guide.text == "text 0.0"
        guide.update(plan[1], 13.0, 4.0)
        assert [said for said in heard.calls if said.startswith("text")] == ["text 0.0", "text 10.0"]

    def test_text_is_noted_by_its_name_only_where_it_is_the_known_one(self) -> None:
        heard, notes = Heard(), list[str]()
        announcer = VoiceAnnouncer(AudioSettings(voice_enabled=True), heard, eyes_open=False, note=notes.append)
        known = load_programme("body-scan").segments[0].guide[0]
        for text, name in ((known.text, known.id), ("Something else.", known.id), ("My own.", "my_own")):
            guide = PracticeGuide(announcer, heard, practice="")
            guide.update(Segment(Phase.TRANSFER, math.inf, guide=(GuideCue(0.0, text, name),)), 0.0, 0.0)
        assert notes == [known.id, "Something else.", "My own."]


def test_session_without_feedback_records_its_texts_and_no_index(tmp_path: Path) -> None:
    config = SessionConfig(
        "simulated:3", tmp_path, "07", minutes=0.5, seed=1, fast=True, programme="loving-kindness", audio="none",
        probe_interval_s=10.0,
    )  # fmt: skip
    session = Session(config)
    session.start()
    result = session.join()
    assert result is not None
    assert result.exit_code == 0, result.message
    assert result.message == "The sitting is complete."
    assert result.session_dir is not None
    files = find_session(result.session_dir)
    assert files is not None
    recording = open_recording(files.raw)
    assert not {event.kind for event in recording.events} & {EventKind.PROBE, EventKind.MODEL}
    assert set(recording.summary.phases or {}) == {Phase.SETTLE, Phase.TRANSFER, Phase.DEBRIEF}
    lines = files.frame_log.read_text().splitlines()
    column = lines[0].split("\t").index("index_u")
    assert {line.split("\t")[column] for line in lines[1:]} == {"n/a"}
    assert [item.text for item in verify(files.raw).results if item.status is CheckStatus.WRONG] == []
    write_notes(files, SessionNotes(tags=("Absorption",)))
    assert finished_sessions(tmp_path, "07", ()) == ([], [])
    write_notes(files, SessionNotes(tags=("calm",)))
    ((labels, _),), notices = collect_labels(
        finished_sessions(tmp_path, "07", ())[0], ("theta_frontal",), Settings(), None, 30000.0
    )
    assert (labels.training_data.labelled_windows, notices) == ((), [])
