"""Contact check, fit criterion and headset fit before a session."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from neurofeedback.acquisition.reconnect import ReconnectingSource
from neurofeedback.acquisition.source import SourceEnded
from neurofeedback.emulators.cyton import SCALE_UV, CytonFirmware, EmulatedCyton
from neurofeedback.emulators.signal_input import alpha_rhythm
from neurofeedback.errors import EXIT_OK, SourceError
from neurofeedback.formats.reader import open_recording
from neurofeedback.session.clock import VirtualClock
from neurofeedback.session.config import SessionConfig, SettingOverride
from neurofeedback.session.fit.contact_check import ContactCheck, open_contact_check
from neurofeedback.session.fit.fit_criterion import FitCriterion
from neurofeedback.session.fit.headset_fit import wait_for_headset_fit
from neurofeedback.session.live_state import LiveState, Request, RequestKind
from neurofeedback.session.session import Session
from neurofeedback.settings.load import load_montage, load_settings, resolve
from neurofeedback.settings.model import Settings
from neurofeedback.settings.signal import ContactSettings, GapSettings
from neurofeedback.types import (
    ChannelContact,
    Chunk,
    ContactLevel,
    ElectrodeQuality,
    EventKind,
    LostRun,
    StreamInfo,
)
from tests.helpers import FastClock

MUSE = StreamInfo("muse-2", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse")
MONTAGE = load_montage("muse")
WORTH = {"g": ContactLevel.GOOD, "f": ContactLevel.FAIR, "b": ContactLevel.BAD}


def second(verdicts):
    """One second of four electrodes, such as ``ggfb``."""
    reasons = {"g": (), "f": ("mains hum",), "b": ("muscle",)}
    contacts = (
        ChannelContact(name, WORTH[verdict], reasons[verdict])
        for name, verdict in zip(MUSE.ch_names, verdicts, strict=True)
    )
    return tuple(ElectrodeQuality(contact, 0.0, 0.0, 9.0, 0.0) for contact in contacts)


def fits(*seconds, **limits):
    keeper = FitCriterion(MONTAGE, ContactSettings(**limits))
    return [keeper.update(second(verdicts)) for verdicts in seconds]


def test_electrode_share_counts_last_four_seconds():
    fills = [fit.recent_quality[0] for fit in fits("gggg", "gggg", "fggg", "bggg", "gggg", "gggg")]
    assert fills == [0.25, 0.5, 0.6875, 0.6875, 0.6875, 0.6875]
    assert fits(*4 * ["gggg"])[-1].recent_quality == (1, 1, 1, 1)


def test_all_good_for_three_seconds_starts_session():
    found = fits(*7 * ["gggg"])
    assert [fit.all_good for fit in found] == [False, False, *5 * [True]]
    assert [fit.starts_in_s for fit in found] == [None, None, 2.0, 1.0, 0.0, 0.0, 0.0]


def test_good_enough_waits_longer_than_all_good():
    found = fits(*16 * ["gggb"])
    assert not any(fit.all_good for fit in found)
    assert [fit.starts_in_s for fit in found[2:]] == [*map(float, range(11, -1, -1)), 0.0, 0.0]


@pytest.mark.parametrize(
    ("verdicts", "enough"),
    [("gggg", True), ("ffff", True), ("bggg", True), ("gbgg", True), ("bggb", False), ("gbbg", False), ("bbbb", False)],
)
def test_good_enough_is_three_of_four_with_both_regions(verdicts, enough):
    assert fits(*4 * [verdicts])[-1].good_enough is enough


def test_region_without_good_electrode_is_never_good_enough():
    assert not fits(*4 * ["bggb"], min_good_share=0.5)[-1].good_enough
    assert fits(*4 * ["bgbg"], min_good_share=0.5)[-1].good_enough


def test_bad_second_restarts_count_only_if_share_drops():
    assert fits(*5 * ["gggg"], "bggg", "gggg")[-1].starts_in_s == 0.0, "one movement is no reason"
    later = fits(*5 * ["gggg"], "bggg", "bggg")[-1]
    assert (later.all_good, later.good_enough) == (False, True)
    assert later.starts_in_s == 7.0


def test_lost_signal_resets_every_electrode():
    keeper = FitCriterion(MONTAGE, ContactSettings())
    for _ in range(5):
        keeper.update(second("gggg"))
    gone = keeper.reset()
    assert gone.recent_quality == (0, 0, 0, 0)
    assert {electrode.contact.reasons for electrode in gone.electrodes} == {("no signal",)}
    assert keeper.update(second("gggg")).starts_in_s is None


@dataclass
class Scripted:
    """A headset that delivers 32 samples every eighth of a second of its clock, but for its silences (s)."""

    clock: VirtualClock
    silences: tuple[tuple[float, float], ...] = ()
    seconds: float = 600.0
    stream: StreamInfo = MUSE
    opened: int = 0
    at: int = 0
    origin: int = 0
    lost: list[LostRun] = field(default_factory=list)

    def open(self):
        self.opened += 1

    def read(self):
        now = self.clock.now()
        if now >= self.seconds:
            raise SourceEnded
        if any(start <= now < stop for start, stop in self.silences):
            return None
        due = int(now * 8) * 32
        if due <= self.at:
            return None
        first, self.at = self.at, due
        data = signal(due)[:, first:].copy()
        lost = ()
        if due - first > 64:
            lost = (LostRun(first - self.origin, due - first - 32),)
            data[:, : due - first - 32] = np.nan
        return Chunk(first - self.origin, data, lost, host_time=now)

    def restart_numbering(self):
        self.origin = self.at

    def close(self):
        self.opened -= 1


def signal(n_samples):
    """The same first samples however many are wanted."""
    t = np.arange(n_samples) / 256
    slow = np.stack([20 * np.sin(2 * np.pi * 10 * t + row) + 4 * np.sin(2 * np.pi * 5.3 * t) for row in range(4)])
    return slow.astype(np.float32)


def looking(clock, settings=None, **options):
    return ContactCheck(Scripted(clock, **options), MUSE, MONTAGE, settings or Settings(), clock)


def test_contact_check_counts_seconds_losses_and_age():
    clock = VirtualClock()
    check = looking(clock, seconds=9.0)
    shown = list(dict.fromkeys(check.snapshots()))
    assert [snapshot.elapsed_s for snapshot in shown[1:]] == list(range(1, 9))
    assert shown[0].headset_fit is None
    assert all(snapshot.status == "fitting" for snapshot in shown)
    assert shown[-1].headset_fit.all_good
    facts = check.link_monitor.stats
    assert facts.loss_rates == (0, 0, 0, 0)
    assert facts.latency_p50_ms == pytest.approx(125, abs=15)


def test_silence_and_return_are_shown_promptly():
    clock = VirtualClock()
    check = looking(clock, silences=((5.5, 8.5),), seconds=16.0)
    with_fit = [(clock.now(), snapshot) for snapshot in check.snapshots() if snapshot.headset_fit]
    noticed = next(now for now, snapshot in with_fit if snapshot.signal_lost_s)
    assert noticed - 5.5 <= 1.1
    assert all(
        contact.reasons == ("no signal",) for now, s in with_fit if noticed <= now < 8.5 for contact in s.contacts
    )
    good = next(now for now, snapshot in with_fit if now > 8.5 and snapshot.headset_fit.all_good)
    assert good - 8.5 <= 5
    lost = 3.0 / 16.0
    assert check.link_monitor.stats.loss_rates == pytest.approx(4 * (lost,), abs=0.01)


def test_long_silence_ends_contact_check():
    impatient = Settings(gaps=GapSettings(give_up_s=20.0))
    with pytest.raises(SourceError, match="nothing has come from muse-2 for 20 s"):
        list(looking(VirtualClock(), impatient, silences=((2.0, 1000.0),)).snapshots())


def test_every_sample_restarts_silence_timeout():
    impatient = Settings(gaps=GapSettings(give_up_s=20.0))
    clock = VirtualClock()
    list(looking(clock, impatient, silences=((2.0, 21.0), (21.5, 40.5)), seconds=45.0).snapshots())
    assert clock.now() >= 45.0


def fit_events_of(clock, mailbox, **options):
    source = Scripted(clock, **options)
    source.open()
    stream, profile = resolve(load_settings(), MUSE)
    return source, wait_for_headset_fit(source, stream, profile, clock, mailbox)


def test_good_fit_hands_open_source_to_session():
    clock, mailbox = VirtualClock(), LiveState()
    source, done = fit_events_of(clock, mailbox)
    assert 5.0 <= clock.now() <= 5.3
    assert source.opened == 1
    assert (done.fit_text, done.notice) == ("good everywhere", "")
    clock.wait(0.2)
    assert done.source.read().first_sample == 0


def test_reconnects_during_fit_are_not_counted_in_session():
    """Its driver takes no time here; the one who reads does not wait for it either."""
    clock = VirtualClock()
    source = ReconnectingSource(Scripted(clock, silences=((2.0, 5.0),)), 1.0, now=clock.now, run=lambda job: job())
    source.open()
    stream, profile = resolve(load_settings(), MUSE)
    done = wait_for_headset_fit(source, stream, profile, clock, LiveState())
    assert done.n_reconnects == source.reconnects == 1


def test_start_before_good_contact_gives_notice():
    clock, mailbox = VirtualClock(), LiveState()
    mailbox.send_request(Request(RequestKind.BEGIN))  # too early to judge anything: not taken

    class Begins(VirtualClock):
        def wait(self, seconds):
            super().wait(seconds)
            if 1.5 < self.now() < 1.6:
                mailbox.send_request(Request(RequestKind.BEGIN))

    clock = Begins()
    _, done = fit_events_of(clock, mailbox)
    assert 1.5 < clock.now() < 1.7
    assert done.fit_text.startswith("begun before contact was good enough; TP9: good")
    assert done.notice.startswith("It was begun before contact was good enough")


def test_silent_headset_cannot_start_session():
    clock, mailbox = VirtualClock(), LiveState()

    class Impatient(VirtualClock):
        def wait(self, seconds):
            super().wait(seconds)
            if 4.0 < self.now() < 9.0:
                mailbox.send_request(Request(RequestKind.BEGIN))

    clock = Impatient()
    fit_events_of(clock, mailbox, silences=((2.5, 9.0),))
    assert clock.now() >= 9.0


def test_stop_during_fit_starts_no_session():
    mailbox = LiveState()
    mailbox.send_request(Request(RequestKind.STOP))
    source, done = fit_events_of(VirtualClock(), mailbox)
    assert done is None
    assert source.opened == 1, "whoever opened it closes it"


@dataclass
class Measuring(Scripted):
    """A headset that measures an electrode each half second when asked to; ``silent`` ones measure nothing."""

    measures_impedance: bool = True
    silent: bool = False
    since: float | None = None

    @property
    def impedances(self):
        n = 0 if self.since is None or self.silent else int((self.clock.now() - self.since) * 2)
        return tuple(kohm if i < n else 0.0 for i, kohm in enumerate((20.0, 400.0, 30.0, 60.0, 24.0)))

    def start_impedance(self):
        self.since = self.clock.now()

    def stop_impedance(self):
        self.since = None

    def read(self):
        return None if self.since is not None else super().read()


class AsksAt(VirtualClock):
    """Asks for something at a time (s)."""

    def __init__(self, mailbox, **times):
        super().__init__()
        self.mailbox, self.times = mailbox, times

    def wait(self, seconds):
        super().wait(seconds)
        for kind, at in list(self.times.items()):
            if self.now() >= at:
                del self.times[kind]
                self.mailbox.send_request(Request(RequestKind[kind]))


class Shown(LiveState):
    """Keeps what was published."""

    def __init__(self):
        super().__init__()
        self.all = []

    def publish(self, snapshot):
        self.all.append(snapshot)
        super().publish(snapshot)


def measured(wrap=lambda source, clock: source, **options):
    mailbox = Shown()
    clock = AsksAt(mailbox, IMPEDANCE=2.05, BEGIN=2.5)
    source = wrap(Measuring(clock, **options), clock)
    source.open()
    stream, profile = resolve(load_settings(), MUSE)
    return clock, mailbox, wait_for_headset_fit(source, stream, profile, clock, mailbox)


@pytest.mark.parametrize(
    "wrap", [lambda source, clock: source, lambda source, clock: ReconnectingSource(source, 30.0, now=clock.now)]
)
def test_impedance_is_measured_on_request_and_its_pause_is_no_loss(wrap):
    clock, mailbox, done = measured(wrap)
    during = [snapshot for snapshot in mailbox.all if snapshot.impedance.measuring]
    assert during
    assert {snapshot.signal_lost_s for snapshot in during} == {0.0}
    assert not any(s.impedance.electrodes for s in during)
    assert {(s.contacts[0].level, s.headset_fit.starts_in_s) for s in during} == {(ContactLevel.GOOD, None)}
    after = [snapshot.impedance for snapshot in mailbox.all if snapshot.impedance.electrodes]
    assert [(one.ch_name, one.kohm, one.level) for one in after[0].electrodes] == [
        *(("TP9", 10.0, "very good"), ("AF7", 200.0, "poor"), ("AF8", 15.0, "good"), ("TP10", 30.0, "good")),
        ("", 12.0, "good"),
    ]
    assert after[0].hint.startswith("Left forehead (AF7): Press the electrode to the skin")
    assert after[-1].age_s > after[0].age_s
    assert mailbox.snapshot.loss_rate == 0.0
    assert done.fit_text == "good everywhere", "it did not begin while it measured"
    assert clock.now() > 2.05 + 2.5 + 4.5


def test_a_headset_that_measures_nothing_in_time_streams_again():
    _, mailbox, done = measured(silent=True)
    last = mailbox.snapshot.impedance
    assert (last.failed, last.measuring, last.electrodes, last.hint) == (True, False, (), "")
    assert done.fit_text == "good everywhere"


def test_a_headset_without_impedance_is_not_asked():
    mailbox = Shown()
    _, done = fit_events_of(AsksAt(mailbox, IMPEDANCE=2.05), mailbox)
    assert done.fit_text == "good everywhere"
    assert {snapshot.impedance for snapshot in mailbox.all} == {None}


def test_contact_check_opens_and_closes_device():
    clock = VirtualClock()
    with open_contact_check("simulated:3", Settings(), clock) as check:
        found = next(snapshot for snapshot in check.snapshots() if clock.now() > 6)
    assert found.headset_fit.all_good
    with pytest.raises(SourceError, match="not open"):
        next(check.snapshots())


def test_headset_fit_is_recorded_in_session_files(tmp_path: Path):
    request = SessionConfig("simulated:6", tmp_path, minutes=0.3, audio="none", fast=True, wait_for_fit=True)
    sitting = Session(request)
    sitting.start()
    outcome = sitting.join(60)
    assert outcome.exit_code == EXIT_OK
    assert outcome.summary.fit.startswith("good")
    recording = open_recording(next(tmp_path.glob("sub-*/ses-*")))
    logged_fits = [event for event in recording.events if event.kind is EventKind.HEADSET_FIT]
    assert [(event.sample, event.value) for event in logged_fits] == [(0, outcome.summary.fit)]
    summary = json.loads(next(tmp_path.glob("derivatives/*/sub-*/ses-*/*_summary.json")).read_text())
    assert summary["fit"] == outcome.summary.fit


def test_fit_does_not_change_simulated_recording(tmp_path: Path):
    data = []
    for fit in (False, True):
        folder = tmp_path / str(fit)
        sitting = Session(SessionConfig("simulated:6", folder, minutes=0.25, audio="none", fast=True, wait_for_fit=fit))
        sitting.start()
        assert sitting.join(60).exit_code == EXIT_OK
        data.append(next(folder.glob("sub-*/ses-*/eeg/*.eeg")).read_bytes())
    assert data[0] == data[1]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_fit_and_session_use_one_connection(tmp_path: Path):
    """Through BrainFlow: what is recorded is what the board sent, from the moment the fit was over."""
    connections = []

    class Counted(CytonFirmware):
        def receive(self, commands: bytes, at: float) -> bytes:
            connections.extend(commands.count(b"b") * [at])
            return super().receive(commands, at)

    firmware = Counted(alpha_rhythm(8, 250.0, seed=5))
    with EmulatedCyton(firmware, now=FastClock(4)) as board:
        patient = SettingOverride("gaps", "lost_s", 5.0)  # a busy machine makes no outage
        sitting = Session(
            SessionConfig(
                f"cyton:{board.port}",
                tmp_path,
                minutes=0.25,
                audio="none",
                wait_for_fit=True,
                settings_overrides=(patient,),
            )
        )
        sitting.start()
        outcome = sitting.join(90)
    assert outcome.exit_code == EXIT_OK, outcome
    assert len(connections) == 1
    recording = open_recording(next(tmp_path.glob("sub-*/ses-*")))
    assert recording.summary.n_lost == 0
    recorded = recording.read_chunk(0, recording.n_samples).data
    sent = (np.array(firmware.counts).T * SCALE_UV).astype(np.float32)
    begun = next(at for at in range(sent.shape[1]) if np.allclose(sent[:, at : at + 50], recorded[:, :50], atol=0.05))
    assert begun >= 5 * 250
    np.testing.assert_allclose(recorded, sent[:, begun : begun + recorded.shape[1]], rtol=1e-6, atol=SCALE_UV / 100)
