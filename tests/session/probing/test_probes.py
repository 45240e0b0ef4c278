"""When a person is asked, what a key answers, and what a stuck key does; all by samples, without a clock."""

from __future__ import annotations

from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurofeedback.recording.events import probes_from_events
from neurofeedback.session.probing.press_debouncer import PressDebouncer
from neurofeedback.session.probing.probes import (
    PROBE_PHASES,
    TRANSITIONS,
    ActionResult,
    ProbeEvent,
    ProbeScheduler,
    ProbeState,
    probe_times,
)
from neurofeedback.settings.session import ProbeSettings
from neurofeedback.texts.probe_questions import QUESTIONS, SLEEPY, SURE, WHERE, WORDING_VERSION, ProbeQuestion
from neurofeedback.texts.session_notices import STUCK_KEY
from neurofeedback.types import Event, EventKind, Frame, Guidance, Phase, Probe, State

SFREQ = 256.0
HOP = 64
SETTINGS = ProbeSettings()
NONE = SETTINGS.with_mean_interval(0)
NAN = float("nan")


def frame(index: int, phase: Phase = Phase.PRACTICE, *, valid: bool = True) -> Frame:
    sample = HOP * (index + 1)
    return Frame(
        index, sample, sample / SFREQ, phase, valid, 1.0, 0.3, State.FOCUS, False, NAN, NAN, NAN, False, Guidance(), (),
        (),
    )  # fmt: skip


def sit(prober: ProbeScheduler, phases: list[Phase], *, answers: bool = True) -> list[ActionResult]:
    """Look after every frame, and answer everything at once."""
    steps: list[ActionResult] = []
    for index, phase in enumerate(phases):
        prober.process_frames([frame(index, phase)])
        steps.append(prober.tick(HOP * (index + 1)))
        while answers and prober.question is not None:
            steps.append(prober.answer(1, steps[-1].rows[-1].sample + 60))
    return steps


def chimes(steps: list[ActionResult]) -> list[int]:
    return [step.rows[0].sample for step in steps if step.chime]


def asked(sample: int = 5000) -> ProbeScheduler:
    """Return a prober that has just rung at this sample."""
    prober = ProbeScheduler(SETTINGS, 3, SFREQ)
    prober.process_frames([frame(10**6)])
    assert prober.tick(sample).chime
    return prober


@given(seed=st.integers(0, 2**32), low=st.floats(40, 200), more=st.floats(0, 300))
def test_probe_intervals_are_uniform_between_limits(seed: int, low: float, more: float) -> None:
    settings = ProbeSettings(interval_s=(low, low + more))
    times = [0.0, *islice(probe_times(settings, seed), 50)]
    assert all(low - 1e-9 <= after - before <= low + more + 1e-9 for before, after in pairwise(times))


def test_probe_times_depend_on_seed() -> None:
    draws = [list(islice(probe_times(SETTINGS, seed), 20)) for seed in (7, 7, 8)]
    assert draws[0] == draws[1] != draws[2]


def test_twenty_minutes_have_fifteen_to_twenty_probes() -> None:
    counts = [sum(at_s < 1020 for at_s in islice(probe_times(SETTINGS, seed), 100)) for seed in range(50)]
    assert 14 <= sum(counts) / 50 <= 16.5


@pytest.mark.parametrize("settings", [NONE, ProbeSettings(enabled=False)])
def test_no_probe_comes_if_probes_are_off(settings: ProbeSettings) -> None:
    assert list(probe_times(settings, 1)) == []
    assert chimes(sit(ProbeScheduler(settings, 1, SFREQ), [Phase.PRACTICE] * 4000)) == []


@given(st.lists(st.tuples(st.sampled_from(list(Phase)), st.integers(1, 800)), min_size=1, max_size=12))
def test_only_practice_counts_towards_next_probe(stretches: list[tuple[Phase, int]]) -> None:
    phases = [phase for phase, n in stretches for _ in range(n)]
    rung = chimes(sit(ProbeScheduler(SETTINGS, 5, SFREQ), phases))
    practised = [sum(phase in PROBE_PHASES for phase in phases[: sample // HOP]) * HOP / SFREQ for sample in rung]
    due = list(islice(probe_times(SETTINGS, 5), len(rung)))
    assert practised == pytest.approx(due, abs=0.26)
    assert {phases[sample // HOP - 1] for sample in rung} <= PROBE_PHASES


@pytest.mark.parametrize("seed", range(5))
def test_probe_times_do_not_depend_on_answers(seed: int) -> None:
    prober = ProbeScheduler(SETTINGS, 9, SFREQ)
    rung = []
    for index, answer in enumerate(np.random.default_rng(seed).random(1000) < 0.3):
        prober.process_frames([frame(index)])
        sample = HOP * (index + 1)
        rung += [sample] if prober.tick(sample).chime else []
        if answer:
            prober.answer(2, sample)
    assert rung == chimes(sit(ProbeScheduler(SETTINGS, 9, SFREQ), [Phase.PRACTICE] * 1000))


def test_probes_due_during_signal_loss_count_as_one() -> None:
    prober = ProbeScheduler(SETTINGS, 3, SFREQ)
    prober.process_frames(frame(index) for index in range(4 * 400))
    steps = [prober.tick(102_400 + i) for i in range(3)]
    assert [step.chime for step in steps] == [True, False, False]
    assert prober.n_probes == 1


def test_probe_asks_three_questions_with_response_times() -> None:
    prober = asked(5000)
    rows = []
    for question, value, sample in ((WHERE, 2, 5256), (SURE, 4, 5512), (SLEEPY, 5, 6024)):
        assert prober.question is question
        step = prober.answer(value, sample)
        rows += step.rows
    assert rows == [
        Event(5256, EventKind.ANSWER_WHERE, "2", response_s=1.0),
        Event(5512, EventKind.ANSWER_SURE, "4", response_s=1.0),
        Event(6024, EventKind.ANSWER_SLEEPY, "5", response_s=2.0),
    ]
    assert step.finished_probe == Probe(5000, where=2, sure=4, sleepy=5, answer_sample=6024)
    assert prober.question is None


def test_not_sure_skips_question_how_sure() -> None:
    prober = asked()
    prober.answer(3, 5100)
    assert prober.question is SLEEPY


@pytest.mark.parametrize("value", [0, 4, 5, 9, -1])
def test_key_without_choice_is_ignored(value: int) -> None:
    prober = asked()
    assert prober.answer(value, 5100) == ActionResult()
    assert prober.question is WHERE


@pytest.mark.parametrize(
    ("leave", "why"), [(ProbeScheduler.skip, "skipped"), (ProbeScheduler.pause, "pause"), (ProbeScheduler.end, "end")]
)
def test_question_can_be_closed_unanswered(leave, why: str) -> None:
    prober = asked(5000)
    prober.answer(1, 5060)
    step = leave(prober, 5200)
    assert step.rows == (Event(5200, EventKind.UNANSWERED, f"sure: {why}"),)
    assert step.finished_probe == Probe(5000, where=1, answer_sample=5060)
    assert prober.question is None
    assert leave(prober, 5300) == ActionResult()


def test_each_answer_has_its_own_time_limit() -> None:
    prober = asked(5000)
    limit = int(SETTINGS.timeout_s * SFREQ)
    assert prober.tick(5000 + limit - 1) == ActionResult()
    prober.answer(1, 5000 + limit - 1)
    assert prober.tick(5000 + 2 * limit - 2) == ActionResult()
    step = prober.tick(5000 + 2 * limit - 1)
    assert step.rows == (Event(5000 + 2 * limit - 1, EventKind.UNANSWERED, "sure: time is up"),)


@pytest.mark.parametrize("sample", [4000, 4990, 5000, 5050])
def test_key_pressed_too_soon_is_ignored(sample: int) -> None:
    prober = asked(5000)
    assert prober.answer(1, sample) == ActionResult()
    assert prober.question is WHERE


def test_answer_counts_though_late_samples_moved_its_place_before_the_chime() -> None:
    prober = ProbeScheduler(SETTINGS, 1, SFREQ)
    prober.process_frames([frame(index) for index in range(4000)])
    assert prober.tick(5000, 20.0).chime
    step = prober.answer(1, 4700, 21.5)
    assert step.rows == (Event(5000, EventKind.ANSWER_WHERE, "1", response_s=1.5),)


def test_held_key_answers_one_question() -> None:
    prober = asked(5000)
    rows = [row for sample in range(5300, 6500, 8) for row in prober.answer(2, sample).rows]
    assert rows == [Event(5300, EventKind.ANSWER_WHERE, "2", response_s=300 / 256)]
    assert prober.question is SURE


@given(st.lists(st.tuples(st.sampled_from(["tick", "answer", "skip", "pause"]), st.integers(0, 6)), max_size=60))
def test_rows_give_all_finished_probes_for_any_keys(moves: list[tuple[str, int]]) -> None:
    prober = ProbeScheduler(SETTINGS.with_mean_interval(15), 2, SFREQ)
    rows, finished, sample = [], [], 0
    for index, (move, value) in enumerate(moves):
        prober.process_frames([frame(16 * index)])
        sample = 16 * HOP * (index + 1)
        step = prober.answer(value, sample) if move == "answer" else getattr(prober, move)(sample)
        rows += step.rows
        finished += [step.finished_probe] if step.finished_probe else []
    rows += (last := prober.end(sample + 1)).rows
    finished += [last.finished_probe] if last.finished_probe else []
    assert probes_from_events(rows) == tuple(finished)
    assert len(finished) == prober.n_probes


def test_transition_table_is_complete() -> None:
    for stage in ProbeState:
        moves = {move for (at, move) in TRANSITIONS if at is stage}
        assert moves == (
            {ProbeEvent.CHIME, ProbeEvent.OWN_CHIME}
            if stage is ProbeState.IDLE
            else {ProbeEvent.ANSWER, ProbeEvent.ABANDON} | _unsure(stage)
        )


def _unsure(stage: ProbeState) -> set[ProbeEvent]:
    return {ProbeEvent.NOT_SURE} if stage is ProbeState.WHERE else set()


def test_the_wording_is_fixed() -> None:
    """Any change here is a new version of the wording."""
    assert WORDING_VERSION == "1"
    assert [question.wording for question in QUESTIONS] == [
        "Just before the sound: where was your mind?",
        "How sure are you?",
        "How sleepy are you?",
    ]
    assert [len(question.choices) for question in QUESTIONS] == [3, 4, 5]


def test_probe_event_has_wording_version() -> None:
    prober = ProbeScheduler(SETTINGS, 3, SFREQ)
    prober.process_frames([frame(10**6)])
    assert prober.tick(77).rows == (Event(77, EventKind.PROBE, WORDING_VERSION),)


class TestPresses:
    def test_separate_presses_are_logged_at_their_samples(self) -> None:
        presses = PressDebouncer(SETTINGS, SFREQ)
        rows = [row for sample in (1000, 2000, 9000) for row in presses.process(sample)]
        assert rows == [Event(sample, EventKind.PRESS) for sample in (1000, 2000, 9000)]
        assert presses.message == ""

    @given(period=st.integers(1, 255), n=st.integers(6, 500))
    def test_repeating_key_counts_once_with_notice(self, period: int, n: int) -> None:
        presses = PressDebouncer(SETTINGS, SFREQ)
        rows = [row for i in range(n) for row in presses.process(1000 + period * i)]
        assert rows == [Event(1000, EventKind.PRESS)]
        assert presses.message == STUCK_KEY
        last = 1000 + period * (n - 1)
        assert presses.tick(last + 255) == ()
        assert presses.tick(last + 5 * 256) == (Event(last, EventKind.PRESSES_IGNORED, str(n - 1)),)
        assert presses.message == ""
        assert presses.end() == ()

    def test_presses_are_limited_per_minute(self) -> None:
        presses = PressDebouncer(SETTINGS, SFREQ)
        rows = [row for i in range(600) for row in presses.process(300 * i)]
        minutes = 600 * 300 / SFREQ / 60
        assert len(rows) <= SETTINGS.max_logged_presses_per_min * (minutes + 1)
        assert presses.n_presses == len(rows)
        (left_out,) = presses.end()
        assert int(left_out.value) == 600 - presses.n_presses

    def test_press_after_released_stuck_key_counts(self) -> None:
        presses = PressDebouncer(SETTINGS, SFREQ)
        for sample in range(0, 3000, 10):
            presses.process(sample)
        assert [row.kind for row in presses.process(8000)] == [EventKind.PRESSES_IGNORED, EventKind.PRESS]

    def test_no_press_gives_no_event(self) -> None:
        presses = PressDebouncer(SETTINGS, SFREQ)
        assert presses.tick(10_000) == presses.end() == ()


@pytest.mark.parametrize(
    ("sure", "sleepy", "questions"),
    [(False, False, [WHERE]), (True, False, [WHERE, SURE]), (False, True, [WHERE, SLEEPY])],
)
def test_only_the_chosen_questions_are_asked(sure: bool, sleepy: bool, questions: list[ProbeQuestion]) -> None:
    settings = SETTINGS.model_copy(update={"ask_sure": sure, "ask_sleepy": sleepy})
    prober, shown = ProbeScheduler(settings, 3, SFREQ), []
    for index in range(4000):
        prober.process_frames([frame(index)])
        if prober.tick(HOP * (index + 1)).chime:
            break
    finished = None
    for later in range(1, 4):
        if prober.question is not None:
            shown.append(prober.question)
            finished = prober.answer(1, HOP * (index + 1) + 60 * later).finished_probe
    assert shown == questions
    assert finished is not None
    assert (finished.where, finished.sure, finished.sleepy) == (1, 1 if sure else None, 1 if sleepy else None)
