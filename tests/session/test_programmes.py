"""Programmes of segments: their files, the plan made from them, and its phases."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.audio.sink import Bell
from neurofeedback.errors import SettingsError
from neurofeedback.session.phase_controller import PhaseController, PhaseOutput
from neurofeedback.session.plan import Segment, SessionPlan, plan_session
from neurofeedback.settings.load import available, load_programme
from neurofeedback.settings.programme import Programme, SegmentSettings
from neurofeedback.settings.session import PhaseSettings
from neurofeedback.types import Command, CommandKind, Frame, Guidance, Phase, State, frame_end

SFREQ = 250.0
NAN = float("nan")
OPEN = load_programme("open-end")


def frame(index: int, phase: Phase) -> Frame:
    sample = frame_end(index, SFREQ, 0.25)
    return Frame(
        index, sample, sample / SFREQ, phase, True, 1.0, 0.3, State.FOCUS, False, NAN, NAN, NAN, False, Guidance(), (),
        (),
    )  # fmt: skip


class Run:
    """Feeds a keeper frame by frame and writes down what each brings about."""

    def __init__(self, keeper: PhaseController) -> None:
        self.keeper, self.index = keeper, 0
        self.turns: list[tuple[float, PhaseOutput]] = []

    def go(self, seconds: float, *, paused: bool = False) -> None:
        for _ in range(round(4 * seconds)):
            if self.keeper.done:
                return
            made = frame(self.index, Phase.PAUSE if paused else self.keeper.phase)
            self.index += 1
            if (turn := self.keeper.process(made)) is not None:
                self.turns.append((made.onset, turn))

    @property
    def phases(self) -> list[tuple[float, str]]:
        return [
            (round(at_s), command.value)
            for at_s, turn in self.turns
            for command in turn.commands
            if command.kind is CommandKind.PHASE
        ]


def run(*segments: Segment) -> Run:
    return Run(PhaseController(SessionPlan(segments, 0.0), SFREQ, 0))


SHORT = (Segment(Phase.PRACTICE, 20.0), Segment(Phase.TRANSFER, 10.0), Segment(Phase.DEBRIEF, 2.0))


class TestWhatIsShipped:
    def test_presets_exist(self) -> None:
        assert {"first", "10-minutes", "20-minutes", "45-minutes", "open-end"} <= set(available("programmes"))

    @pytest.mark.parametrize("name", available("programmes"))
    def test_each_preset_has_its_stated_length(self, name: str) -> None:
        programme = load_programme(name)
        plan = plan_session(PhaseSettings(), None, 60.0, programme)
        assert programme.name == name
        assert plan.total_s == (math.inf if programme.open_ended else pytest.approx(60 * (programme.minutes or 0)))
        assert plan.segments[0].phase is Phase.SETTLE
        assert plan.segments[-1].phase is Phase.DEBRIEF

    def test_twenty_minute_preset_equals_profile_plan(self) -> None:
        plans = [plan_session(PhaseSettings(), 20.0, 60.0, each) for each in (load_programme("20-minutes"), None)]
        assert plans[0] == plans[1]


class TestPlan:
    def test_flexible_segment_gets_remaining_time(self) -> None:
        segments = (SegmentSettings(minutes=2), SegmentSettings(), SegmentSettings(phase="rest", minutes=1))
        programme = Programme(name="x", title="x", minutes=30, segments=segments)
        plan = plan_session(PhaseSettings(), None, 60.0, programme)
        assert plan.total_s == pytest.approx(1800)
        assert [segment.length_s for segment in plan.segments] == [30, 120, 120, 1800 - 30 - 120 - 120 - 60 - 8, 60, 8]

    def test_programme_length_is_sum_of_segments(self) -> None:
        segments = (SegmentSettings(minutes=2, target_rate=0.8, background="wind", bell_every_min=1),)
        plan = plan_session(PhaseSettings(), None, 60.0, Programme(name="x", title="x", segments=segments))
        assert plan.segments[2] == Segment(Phase.PRACTICE, 120.0, 0.8, "wind", 60.0)
        assert plan.total_s == 30 + 120 + 120 + 8

    @given(st.floats(0.25, 240))
    def test_flexible_programme_accepts_any_length(self, minutes: float) -> None:
        plan = plan_session(PhaseSettings(), minutes, 60.0, load_programme("45-minutes"))
        assert plan.total_s == pytest.approx(60 * minutes)

    def test_fixed_programme_refuses_another_length(self) -> None:
        programme = Programme(name="fixed", title="x", segments=(SegmentSettings(minutes=2),))
        with pytest.raises(SettingsError, match="programme fixed has its own length: got 5 minutes"):
            plan_session(PhaseSettings(), 5.0, 60.0, programme)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("segments = []", "segments = []: Tuple should have at least 1 item"),
            (
                "minutes = 10\n[[segments]]\nminutes = 5",
                "with minutes for the whole session, one segment must omit its own",
            ),
            ("[[segments]]\n[[segments]]", "only one segment may omit its minutes"),
            ("[[segments]]\n[[segments]]\nminutes = 2", "a segment without an end must be the last"),
            ("[[segments]]\nphase = 'settle'", "segments.0.phase = 'settle': Input should be 'practice', 'transfer'"),
            ("[[segments]]\nbackground = 'jazz'", "segments.0.background = 'jazz': Input should be 'rain'"),
            ("[[segments]]\ntarget = 0.5", "unknown key segments.0.target (did you mean target_rate?)"),
            ("[[segments]]\nannounced = false", "announced = false is for a transfer"),
            (
                "[[segments]]\n[[segments]]\nminutes = 1\nphase = 'transfer'\nannounced = false\nbackground = 'rain'",
                "announced = false is for a transfer without texts",
            ),
            ("[[segments]]\nminutes = 0", "segments.0.minutes = 0: Input should be greater than 0"),
        ],
    )
    def test_invalid_programme_file_names_fault(self, tmp_path: Path, text: str, message: str) -> None:
        path = tmp_path / "own.toml"
        path.write_text(f'name = "own"\ntitle = "Own"\n{text}\n')
        with pytest.raises(SettingsError) as raised:
            load_programme(str(path))
        assert message in str(raised.value)

    def test_an_unknown_name_gets_a_suggestion(self) -> None:
        with pytest.raises(SettingsError, match=r"no such programme: got 'open'; .* did you mean open-end"):
            load_programme("open")


class TestKeeping:
    def test_segment_change_brings_rate_and_background(self) -> None:
        going = run(Segment(Phase.PRACTICE, 5.0), Segment(Phase.PRACTICE, 5.0, 0.8, "wind"), Segment(Phase.REST, 5.0))
        going.go(20)
        (at_s, turn), (_, rest) = going.turns
        sample = round(at_s * SFREQ) + 1
        assert turn == PhaseOutput(
            Bell.PHASE,
            (Command(sample, CommandKind.PHASE, "practice"), Command(sample, CommandKind.TARGET_RATE, "0.8")),
            "wind",
        )
        assert [command.value for command in rest.commands] == ["rest"]

    def test_silent_transfer_begins_and_ends_without_a_bell(self) -> None:
        silent = Segment(Phase.TRANSFER, 5.0, announced=False)
        going = run(
            Segment(Phase.PRACTICE, 5.0), silent, Segment(Phase.PRACTICE, 5.0), silent, Segment(Phase.REST, 5.0)
        )
        going.go(30)
        assert going.phases == [(5, "transfer"), (10, "practice"), (15, "transfer"), (20, "rest")]
        assert [turn.bell for _, turn in going.turns] == [None, None, None, Bell.PHASE]

    def test_bells_ring_at_intervals_but_not_into_the_end(self) -> None:
        going = run(Segment(Phase.PRACTICE, 20.0, bell_interval_s=5.0), Segment(Phase.DEBRIEF, 2.0))
        going.go(30)
        assert [(round(at_s), turn.bell) for at_s, turn in going.turns] == [
            (5, Bell.INTERVAL), (10, Bell.INTERVAL), (15, Bell.INTERVAL), (20, Bell.END)
        ]  # fmt: skip

    def test_pause_postpones_plan_and_does_not_count(self) -> None:
        going = run(Segment(Phase.PRACTICE, 20.0, bell_interval_s=6.0), Segment(Phase.DEBRIEF, 2.0))
        going.go(4)
        left = going.keeper.end_samples[1] - going.index * SFREQ / 4
        going.go(100, paused=True)
        assert going.keeper.end_samples[1] - going.index * SFREQ / 4 == pytest.approx(left, abs=1)
        going.go(30)
        bells = [(round(at_s - 100), turn.bell) for at_s, turn in going.turns]
        assert bells == [(6, Bell.INTERVAL), (12, Bell.INTERVAL), (18, Bell.INTERVAL), (20, Bell.END)]
        assert going.keeper.done

    def test_open_ended_practice_lasts_until_stop(self) -> None:
        going = run(Segment(Phase.PRACTICE, math.inf), Segment(Phase.DEBRIEF, 2.0))
        assert going.keeper.end_samples == (math.inf, math.inf)
        going.go(1000)
        assert (going.turns, going.keeper.open_ended, going.keeper.can_extend) == ([], True, False)
        going.keeper.end_open_segment()
        going.go(10)
        assert going.phases == [(1000, "debrief")]
        assert going.keeper.done
        assert going.index / 4 == pytest.approx(1002.25, abs=0.3)

    def test_baseline_before_open_ended_practice_can_be_extended(self) -> None:
        plan = plan_session(PhaseSettings(settle_s=1, baseline_s=10), None, 60.0, OPEN)
        keeper = PhaseController(plan, SFREQ, 2)
        for index in range(400):
            made = frame(index, keeper.phase)
            keeper.process(Frame(**{name: getattr(made, name) for name in made.__slots__} | {"valid": False}))
            if keeper.phase is Phase.PRACTICE:
                break
        assert index / 4 == pytest.approx(1 + 20, abs=0.3)

    def test_end_open_segment_ignores_fixed_segment(self) -> None:
        going = run(*SHORT)
        going.keeper.end_open_segment()
        going.go(60)
        assert going.phases == [(20, "transfer"), (30, "debrief")]


class TestLonger:
    def test_extension_in_practice_lengthens_it(self) -> None:
        going = run(*SHORT)
        going.go(10)
        assert going.keeper.extend(30)
        going.go(100)
        assert going.phases == [(50, "transfer"), (60, "debrief")]

    def test_extension_after_practice_adds_practice(self) -> None:
        going = run(*SHORT)
        going.go(25)
        assert going.keeper.extend(15)
        going.go(100)
        assert going.phases == [(20, "transfer"), (30, "practice"), (45, "debrief")]

    def test_extension_in_debrief_starts_at_once(self) -> None:
        going = run(*SHORT)
        going.go(31)
        assert going.keeper.extend(15)
        going.go(100)
        assert going.phases[1:] == [(30, "debrief"), (31, "practice"), (46, "debrief")]
        assert going.index / 4 == pytest.approx(48.5, abs=0.5)

    def test_extension_can_be_repeated(self) -> None:
        going = run(*SHORT)
        going.go(31)
        for _ in range(3):
            assert going.keeper.extend(5)
            going.go(6)
        going.go(100)
        assert [phase for _, phase in going.phases].count("practice") == 3
        assert going.keeper.done

    def test_extension_is_offered_in_last_minute(self) -> None:
        going = run(Segment(Phase.SETTLE, 5.0), Segment(Phase.PRACTICE, 100.0), Segment(Phase.DEBRIEF, 5.0))
        offered = []
        while not going.keeper.done:
            going.go(0.25)
            offered.append(going.keeper.can_extend)
        assert offered.index(True) / 4 == pytest.approx(50, abs=0.5)
        assert not any(offered[: offered.index(True)])
        assert not offered[-1]

    @pytest.mark.parametrize("seconds", [0.0, 1000.0])
    def test_extension_is_refused_before_practice_open_ended_or_done(self, seconds: float) -> None:
        settling = run(Segment(Phase.SETTLE, 5.0), *SHORT)
        over = run(*SHORT)
        over.go(100)
        endless = run(Segment(Phase.PRACTICE, math.inf), Segment(Phase.DEBRIEF, 2.0))
        endless.go(seconds / 100)
        assert not any(each.keeper.extend(60) for each in (settling, over, endless))
