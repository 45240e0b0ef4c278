"""A sitting from request to outcome: everything put together, run in a thread of its own, closed in every path."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from neurofeedback.acquisition.open import is_self_paced, open_source
from neurofeedback.acquisition.reconnect import ReconnectingSource, count_reconnects
from neurofeedback.acquisition.source import Source
from neurofeedback.audio.null_sink import NullSink
from neurofeedback.audio.open import open_sink
from neurofeedback.audio.sink import Sink
from neurofeedback.errors import EXIT_OK, NeurofeedbackError, SettingsError
from neurofeedback.learning.decoder_thread import DecoderThread
from neurofeedback.learning.training import DecoderState
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.recording.session_lock import check_recordings_folder
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.session.baseline_store import baseline_notice, load_personal_baseline, store_baseline
from neurofeedback.session.clock import Clock, RealClock, VirtualClock
from neurofeedback.session.config import COMPLETE_TEXT, SessionConfig, SessionResult
from neurofeedback.session.headset_fit import HeadsetFitResult, wait_for_headset_fit
from neurofeedback.session.live_state import LiveState, Request, RequestKind, Snapshot
from neurofeedback.session.outputs import describe_outputs, open_outputs
from neurofeedback.session.phase_controller import PhaseController
from neurofeedback.session.plan import SessionPlan, plan_session
from neurofeedback.session.runner import Runner
from neurofeedback.session.session_context import SessionContext
from neurofeedback.session.setup import (
    choose_seed,
    create_engine,
    load_decoder,
    max_duration_s,
    session_settings,
    start_document,
)
from neurofeedback.session.simulated_participant import simulated_participant_for
from neurofeedback.session.status_text import index_source_text
from neurofeedback.session.summary import build_summary
from neurofeedback.settings.load import dump_profile, load_evidence, load_programme, load_settings, resolve
from neurofeedback.settings.model import Settings
from neurofeedback.settings.profile import Profile
from neurofeedback.types import Event, EventKind, StreamInfo

_EXTRA_SIGNAL_S = 1800.0


@dataclass(frozen=True, slots=True)
class PreparedSession:
    """What is known and checked before the device is opened."""

    settings: Settings
    plan: SessionPlan
    decoder_state: DecoderState
    source: Source
    sink: Sink
    clock: Clock


class Session:
    """One sitting. Everything that can be refused at once is refused here, before any device is opened.

    Parameters
    ----------
    request : SessionConfig
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
        config: SessionConfig,
        find_source: Callable[..., Source] = open_source,
        on_finished: Callable[[Path], object] | None = None,
    ) -> None:
        self._config = config
        self._on_finished = on_finished
        self._find_source = find_source
        self._notices: list[str] = []
        self._prepared = self._prepare()
        self.live_state = LiveState(self._prepared.clock.now)
        self.live_state.publish(Snapshot(message=" ".join(self._notices)))
        self._thread = threading.Thread(target=self._run, name="sitting", daemon=True)
        self._result: SessionResult | None = None

    @property
    def plan(self) -> SessionPlan:
        """The phases and their lengths."""
        return self._prepared.plan

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know before it begins, such as that there is no sound device."""
        return tuple(self._notices)

    def start(self) -> None:
        """Begin in a thread of its own; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Ask for an orderly end; returns at once."""
        self.live_state.send_request(Request(RequestKind.STOP))

    def join(self, timeout_s: float | None = None) -> SessionResult | None:
        """Wait for the end (s); None if it is still running."""
        self._thread.join(timeout_s)
        return None if self._thread.is_alive() else self._result

    def _prepare(self) -> PreparedSession:
        request = self._config
        settings = session_settings(load_settings(request.profile), request)
        programme = load_programme(request.programme) if request.programme else None
        plan = plan_session(
            settings.phases,
            request.minutes,
            settings.baseline.min_clean_s,
            programme,
            bell_interval_s=60 * settings.audio.interval_bell_min,
        )
        if plan.short_baseline_notice:
            self._notices.append(plan.short_baseline_notice)
        self._notices += filter(None, [load_evidence(settings.index.evidence).notice])
        check_recordings_folder(request.recordings, request.participant)
        self._notices += filter(None, [describe_outputs(request.lsl_out, request.osc_out)])
        clock: Clock = VirtualClock() if self._runs_fast() else RealClock()
        source = self._source(settings, plan, clock)
        recovered = recover_sessions(request.recordings) if request.recordings.is_dir() else []
        self._notices += [f"A session that broke off was completed: {path}" for path in recovered]
        known = load_decoder(request, settings)
        self._notices += known.notices
        sink = self._sink(settings)
        return PreparedSession(settings, plan, known, source, sink, clock)

    def _source(self, settings: Settings, plan: SessionPlan, clock: Clock) -> Source:
        """Find the source; one that can be lost is looked for when it is."""
        request = self._config
        duration_s = max_duration_s(plan, _EXTRA_SIGNAL_S)
        source = self._find_source(request.device, now=clock.now, seed=request.seed, duration_s=duration_s)
        if is_self_paced(request.device):
            return source
        return ReconnectingSource(source, settings.gaps.lost_s, now=clock.now)

    def _runs_fast(self) -> bool:
        if self._config.fast and not is_self_paced(self._config.device):
            raise SettingsError(
                "only what this program plays itself can run fast",
                got=self._config.device,
                allowed="simulated or playback:FILE",
                todo="leave out --fast",
            )
        return self._config.fast

    def _sink(self, settings: Settings) -> Sink:
        if self._config.fast and self._config.audio == "auto":
            return NullSink()
        return open_sink(self._config.audio, settings.audio, self._notices.append)

    def _run(self) -> None:
        outcome = SessionResult(1, "The sitting broke off by a fault of the program; what came until then is kept.")
        try:
            outcome = self._finish_session(self._run_session())
        except NeurofeedbackError as error:
            outcome = SessionResult(error.exit_code, str(error))
        finally:
            self._result = outcome
            status = "ended" if outcome.exit_code == EXIT_OK else "failed"
            self.live_state.publish(replace(self.live_state.snapshot, status=status, message=outcome.message))

    def _finish_session(self, result: SessionResult) -> SessionResult:
        """Learn from the session, and let whoever asked finish it, once device and sound are let go."""
        if result.session_dir is None:
            return result
        try:
            load_decoder(self._config, self._prepared.settings)
            if self._on_finished is not None:
                self._on_finished(result.session_dir)
        except NeurofeedbackError as error:
            return replace(result, message=f"{result.message} {error}")
        return result

    def _run_session(self) -> SessionResult:
        ready = self._prepared
        ready.sink.start()
        try:
            ready.source.open()
            stream, profile = resolve(ready.settings, ready.source.stream)
            fitted = self._wait_for_fit(stream, profile)
            if fitted is None:
                return SessionResult(EXIT_OK, "Ended before it began; nothing was recorded.")
            return self._record(stream, profile, fitted)
        finally:
            ready.source.close()
            ready.sink.stop(0.0)

    def _wait_for_fit(self, stream: StreamInfo, profile: Profile) -> HeadsetFitResult | None:
        """Let the headset be put on, if that was asked for; None if the person left instead."""
        ready = self._prepared
        if not self._config.wait_for_fit:
            return HeadsetFitResult(ready.source)
        return wait_for_headset_fit(ready.source, stream, profile, ready.clock, self.live_state)

    def _record(self, stream: StreamInfo, profile: Profile, fit_result: HeadsetFitResult) -> SessionResult:
        ready, request = self._prepared, self._config
        kept = load_personal_baseline(request.recordings, request.participant, profile)
        engine, learner = create_engine(stream, profile, ready.decoder_state, kept)
        seed = choose_seed(request)
        header = SessionHeader(
            participant=request.participant,
            stream=stream,
            profile_toml=dump_profile(profile),
            start_state=start_document(request, profile.settings, ready.plan, seed, engine.start),
            columns=engine.columns,
            started=request.start_time or datetime.now().astimezone(),
            mains_hz=None if engine.mains_hz is None else int(engine.mains_hz),
        )
        settings, index_name = profile.settings, profile.evidence.index_name
        outputs = open_outputs(request.lsl_out, request.osc_out, stream, settings.spectrum.hop_s)
        participant = simulated_participant_for(fit_result.source, self.live_state, answers=request.fast)
        live = settings.probes.learn_live
        refitting = DecoderThread(learner, synchronous=request.fast) if live else None
        try:
            parts = SessionContext(
                source=fit_result.source,
                stream=stream,
                writer=SessionWriter(request.recordings, header),
                engine=engine,
                phase_controller=PhaseController(ready.plan, stream.sfreq, settings.baseline.max_extensions),
                sink=ready.sink,
                clock=ready.clock,
                live_state=self.live_state,
                settings=settings,
                seed=seed,
                consumers=(*outputs, *participant),
                index_name=index_name,
                decoder_thread=refitting,
                model_text=index_source_text(index_name, learner.decoder.n_answers, learns_live=live),
            )
            if fit_result.fit_text:
                parts.writer.process_event(Event(0, EventKind.HEADSET_FIT, fit_result.fit_text))
            return self._run_and_close(Runner(parts), parts, fit_result)
        finally:
            for closing in (*outputs, *filter(None, [refitting])):
                closing.close()

    def _run_and_close(self, runner: Runner, context: SessionContext, fit_result: HeadsetFitResult) -> SessionResult:
        """Run; then, however it ended, complete the recording with what is known."""
        error: NeurofeedbackError | None = None
        reason = "error"
        try:
            reason = runner.run()
        except NeurofeedbackError as caught:
            error = caught
        finally:
            context.sink.stop(runner.session_s)
            summary = build_summary(
                runner,
                context,
                participant=self._config.participant,
                n_reconnects=count_reconnects(self._prepared.source) - fit_result.n_reconnects,
                fit_text=fit_result.fit_text,
            )
            folder = context.writer.close(summary)
            if folder is not None:
                store_baseline(context.writer.files, context.engine)
        if error is not None:
            where = f" What was recorded is in {folder}." if folder else ""
            return SessionResult(error.exit_code, f"{error}{where}", folder, summary)
        said = (_end_message(reason), baseline_notice(context.engine), runner.sampling_rate_notice, fit_result.notice)
        return SessionResult(EXIT_OK, " ".join(filter(None, said)), folder, summary)


def _end_message(reason: str) -> str:
    return {
        "done": COMPLETE_TEXT,
        "source": "The recording that was played has ended.",
        "asked": "The sitting was ended early; what came is kept.",
    }[reason]
