"""A sitting from request to outcome: everything put together, run in a thread of its own, closed in every path."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from neurofeedback.acquisition.open import keeps_own_pace, open_source
from neurofeedback.acquisition.reconnect import Reconnecting, reconnects_of
from neurofeedback.acquisition.source import Source
from neurofeedback.audio.open import open_sink
from neurofeedback.audio.silence import SilentSink
from neurofeedback.audio.sink import Sink
from neurofeedback.errors import EXIT_OK, NeurofeedbackError, SettingsError
from neurofeedback.feedback.words import model_words
from neurofeedback.recording.claim import check_recordings
from neurofeedback.recording.recovery import recover
from neurofeedback.recording.writer import SessionHeader, SessionWriter
from neurofeedback.session.asking import Asking
from neurofeedback.session.baselines import baseline_complaint, kept_baseline, store_baseline
from neurofeedback.session.fitted import Fitted, fit_headset
from neurofeedback.session.learning import Learned
from neurofeedback.session.mailbox import Mailbox, Snapshot
from neurofeedback.session.outlets import open_outlets, what_leaves
from neurofeedback.session.pace import Clock, RealClock, VirtualClock
from neurofeedback.session.parts import Parts
from neurofeedback.session.phases import PhaseKeeper
from neurofeedback.session.plan import SittingPlan, plan_sitting
from neurofeedback.session.refitting import Refitting
from neurofeedback.session.request import COMPLETE, Outcome, SitRequest
from neurofeedback.session.runner import Runner
from neurofeedback.session.simulated_person import person_of
from neurofeedback.session.starting import (
    draw_seed,
    seconds_at_most,
    settings_asked_for,
    start_engine,
    start_facts,
    what_is_known,
)
from neurofeedback.session.summing import summary_of
from neurofeedback.settings.load import dump_profile, load_evidence, load_programme, load_settings, resolve
from neurofeedback.settings.model import Settings
from neurofeedback.settings.profile import Profile
from neurofeedback.types import Event, EventKind, Stream

_SPARE_S = 1800.0


@dataclass(frozen=True, slots=True)
class Ready:
    """What is known and checked before the device is opened."""

    settings: Settings
    plan: SittingPlan
    known: Learned
    source: Source
    sink: Sink
    clock: Clock


class Sitting(Asking):
    """One sitting. Everything that can be refused at once is refused here, before any device is opened.

    Parameters
    ----------
    request : SitRequest
        What is asked for.
    find_source : callable
        Finds the source of a device name, as ``acquisition.open.open_source`` does.
    finish : callable, optional
        Takes the finished session's folder, such as to write its report; its failure is no failure of the sitting.

    Raises
    ------
    NeurofeedbackError
        The request cannot be met: profile, length, device name, participant, sound, recordings folder.
    """

    def __init__(
        self,
        request: SitRequest,
        find_source: Callable[..., Source] = open_source,
        finish: Callable[[Path], object] | None = None,
    ) -> None:
        self._request = request
        self._finish = finish
        self._find_source = find_source
        self._sentences: list[str] = []
        self._ready = self._prepare()
        self.mailbox = Mailbox(self._ready.clock.now)
        self.mailbox.publish(Snapshot(message=" ".join(self._sentences)))
        self._thread = threading.Thread(target=self._run, name="sitting", daemon=True)
        self._outcome: Outcome | None = None

    @property
    def plan(self) -> SittingPlan:
        """The phases and their lengths."""
        return self._ready.plan

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a person should know before it begins, such as that there is no sound device."""
        return tuple(self._sentences)

    def start(self) -> None:
        """Begin in a thread of its own; returns at once."""
        self._thread.start()

    def join(self, timeout_s: float | None = None) -> Outcome | None:
        """Wait for the end (s); None if it is still running."""
        self._thread.join(timeout_s)
        return None if self._thread.is_alive() else self._outcome

    def _prepare(self) -> Ready:
        request = self._request
        settings = settings_asked_for(load_settings(request.profile), request)
        programme = load_programme(request.programme) if request.programme else None
        plan = plan_sitting(
            settings.phases,
            request.minutes,
            settings.baseline.min_clean_s,
            programme,
            bell_every_s=60 * settings.audio.interval_bell_min,
        )
        if plan.cost_of_short_baseline:
            self._sentences.append(plan.cost_of_short_baseline)
        self._sentences += filter(None, [load_evidence(settings.index.evidence).notice])
        check_recordings(request.recordings, request.participant)
        self._sentences += filter(None, [what_leaves(request.lsl_out, request.osc_out)])
        clock: Clock = VirtualClock() if self._fast() else RealClock()
        source = self._source(settings, plan, clock)
        recovered = recover(request.recordings) if request.recordings.is_dir() else []
        self._sentences += [f"A session that broke off was completed: {path}" for path in recovered]
        known = what_is_known(request, settings)
        self._sentences += known.notices
        sink = self._sink(settings)
        return Ready(settings, plan, known, source, sink, clock)

    def _source(self, settings: Settings, plan: SittingPlan, clock: Clock) -> Source:
        """Find the source; one that can be lost is looked for when it is."""
        request = self._request
        duration_s = seconds_at_most(plan, _SPARE_S)
        source = self._find_source(request.device, now=clock.now, seed=request.seed, duration_s=duration_s)
        if keeps_own_pace(request.device):
            return source
        return Reconnecting(source, settings.gaps.lost_s, now=clock.now)

    def _fast(self) -> bool:
        if self._request.fast and not keeps_own_pace(self._request.device):
            raise SettingsError(
                "only what this program plays itself can run fast",
                got=self._request.device,
                allowed="simulated or playback:FILE",
                todo="leave out --fast",
            )
        return self._request.fast

    def _sink(self, settings: Settings) -> Sink:
        if self._request.fast and self._request.audio == "auto":
            return SilentSink()
        return open_sink(self._request.audio, settings.audio, self._sentences.append)

    def _run(self) -> None:
        outcome = Outcome(1, "The sitting broke off by a fault of the program; what came until then is kept.")
        try:
            outcome = self._finished(self._sit())
        except NeurofeedbackError as error:
            outcome = Outcome(error.exit_code, str(error))
        finally:
            self._outcome = outcome
            status = "ended" if outcome.exit_code == EXIT_OK else "failed"
            self.mailbox.publish(replace(self.mailbox.snapshot, status=status, message=outcome.message))

    def _finished(self, outcome: Outcome) -> Outcome:
        """Learn from the session, and let whoever asked finish it, once device and sound are let go."""
        if outcome.session is None:
            return outcome
        try:
            what_is_known(self._request, self._ready.settings)
            if self._finish is not None:
                self._finish(outcome.session)
        except NeurofeedbackError as error:
            return replace(outcome, message=f"{outcome.message} {error}")
        return outcome

    def _sit(self) -> Outcome:
        ready = self._ready
        ready.sink.start()
        try:
            ready.source.open()
            stream, profile = resolve(ready.settings, ready.source.stream)
            fitted = self._fit(stream, profile)
            if fitted is None:
                return Outcome(EXIT_OK, "Ended before it began; nothing was recorded.")
            return self._record(stream, profile, fitted)
        finally:
            ready.source.close()
            ready.sink.stop(0.0)

    def _fit(self, stream: Stream, profile: Profile) -> Fitted | None:
        """Let the headset be put on, if that was asked for; None if the person left instead."""
        ready = self._ready
        if not self._request.fit:
            return Fitted(ready.source)
        begins_anew = keeps_own_pace(self._request.device)
        return fit_headset(ready.source, stream, profile, ready.clock, self.mailbox, begins_anew=begins_anew)

    def _record(self, stream: Stream, profile: Profile, fitted: Fitted) -> Outcome:
        ready, request = self._ready, self._request
        kept = kept_baseline(request.recordings, request.participant, profile)
        engine, learner = start_engine(stream, profile, ready.known, kept)
        seed = draw_seed(request)
        header = SessionHeader(
            participant=request.participant,
            stream=stream,
            profile_toml=dump_profile(profile),
            start=start_facts(request, profile.settings, ready.plan, seed, engine.start),
            columns=engine.columns,
            started=request.started or datetime.now().astimezone(),
            mains_hz=None if engine.mains_hz is None else int(engine.mains_hz),
        )
        settings, index_name = profile.settings, profile.evidence.index_name
        outlets = (
            *open_outlets(request.lsl_out, request.osc_out, stream, settings.spectrum.hop_s),
            *person_of(fitted.source, self.mailbox, answers=request.fast),
        )
        live = settings.probes.learn_live
        refitting = Refitting(learner, at_once=request.fast) if live else None
        try:
            parts = Parts(
                source=fitted.source,
                stream=stream,
                writer=SessionWriter(request.recordings, header),
                engine=engine,
                keeper=PhaseKeeper(ready.plan, stream.sfreq, settings.baseline.max_extensions),
                sink=ready.sink,
                clock=ready.clock,
                mailbox=self.mailbox,
                settings=settings,
                seed=seed,
                outlets=outlets,
                index_name=index_name,
                refitting=refitting,
                model=model_words(index_name, learner.decoder.n, live=live),
            )
            if fitted.record:
                parts.writer.event(Event(0, EventKind.FIT, fitted.record))
            return self._close(Runner(parts), parts, fitted)
        finally:
            for closing in (*outlets, *filter(None, [refitting])):
                closing.close()

    def _close(self, runner: Runner, parts: Parts, fitted: Fitted) -> Outcome:
        """Run; then, however it ended, complete the recording with what is known."""
        error: NeurofeedbackError | None = None
        reason = "error"
        try:
            reason = runner.run()
        except NeurofeedbackError as caught:
            error = caught
        finally:
            parts.sink.stop(runner.session_s)
            summary = summary_of(
                runner,
                parts,
                participant=self._request.participant,
                reconnects=reconnects_of(self._ready.source) - fitted.reconnects,
                fit=fitted.record,
            )
            folder = parts.writer.close(summary)
            if folder is not None:
                store_baseline(parts.writer.files, parts.engine)
        if error is not None:
            where = f" What was recorded is in {folder}." if folder else ""
            return Outcome(error.exit_code, f"{error}{where}", folder, summary)
        said = (_last_words(reason), baseline_complaint(parts.engine), runner.rate_mismatch, fitted.complaint)
        return Outcome(EXIT_OK, " ".join(filter(None, said)), folder, summary)


def _last_words(reason: str) -> str:
    return {
        "done": COMPLETE,
        "source": "The recording that was played has ended.",
        "asked": "The sitting was ended early; what came is kept.",
    }[reason]
