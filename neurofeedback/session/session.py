"""A session from configuration to result, run in its own thread."""

from __future__ import annotations

import logging
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
from neurofeedback.audio.voice import check_voice
from neurofeedback.errors import EXIT_OK, NeurofeedbackError, SettingsError
from neurofeedback.learning.decoder_thread import DecoderThread
from neurofeedback.learning.training import DecoderState, untrained
from neurofeedback.recording.facts.merge_entries import complete_events
from neurofeedback.recording.recovery import recover_sessions
from neurofeedback.recording.session_lock import check_recordings_folder
from neurofeedback.recording.session_writer import SessionHeader, SessionWriter
from neurofeedback.session.baseline_store import baseline_notice, load_personal_baseline, store_baseline
from neurofeedback.session.clock import Clock, RealClock, VirtualClock
from neurofeedback.session.config import SessionConfig, SessionResult
from neurofeedback.session.facts_writer import FactsWriter
from neurofeedback.session.fit.headset_fit import HeadsetFitResult, wait_for_headset_fit
from neurofeedback.session.marker_input import LslMarkers
from neurofeedback.session.outputs.masked_output import MaskedOutput
from neurofeedback.session.outputs.network_outputs import (
    SessionOutput,
    check_permission,
    describe_outputs,
    open_outputs,
)
from neurofeedback.session.outputs.plugin_output import PluginOutput
from neurofeedback.session.phase_controller import PhaseController
from neurofeedback.session.plan import SessionPlan, plan_recording, plan_session
from neurofeedback.session.probing.simulated_participant import simulated_participant_for
from neurofeedback.session.runner import Runner
from neurofeedback.session.session_context import SessionContext
from neurofeedback.session.session_thread import SessionThread
from neurofeedback.session.setup import (
    choose_seed,
    create_engine,
    load_decoder,
    make_start_state,
    max_duration_s,
    own_question,
    practice_settings,
    session_settings,
)
from neurofeedback.session.summary import build_summary
from neurofeedback.session.voice.fit_voice import FitVoice
from neurofeedback.settings.load import dump_profile, load_evidence, load_programme, load_settings, resolve
from neurofeedback.settings.model import Settings
from neurofeedback.settings.plugins import OUTPUTS, load_plugin, split_plugin_name
from neurofeedback.settings.programme import Programme
from neurofeedback.settings.resolved_profile import Profile
from neurofeedback.storage.dataset_access import share_recordings
from neurofeedback.texts import course, session_notices
from neurofeedback.texts.catalogue import english, error_text, tr
from neurofeedback.texts.status import index_source_text
from neurofeedback.types import Event, EventKind, StreamInfo

_log = logging.getLogger(__name__)
_EXTRA_SIGNAL_S = 1800.0


@dataclass(frozen=True, slots=True)
class PreparedSession:
    """What is prepared and checked before the device is opened."""

    settings: Settings
    plan: SessionPlan
    decoder_state: DecoderState
    source: Source
    sink: Sink
    clock: Clock


class Session(SessionThread):
    """One session. The configuration is checked before any device is opened.

    Parameters
    ----------
    config : SessionConfig
        The configuration.
    find_source : callable
        Returns the source of a device name, as ``acquisition.open.open_source`` does.
    on_finished : callable, optional
        Called with the finished session's folder, such as to write its report; its failure is only reported.

    Raises
    ------
    NeurofeedbackError
        Profile, length, device name, participant, sound or recordings folder cannot be used.
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
        self._region_notice = ""
        self._prepared = self._prepare()
        super().__init__("session", self._prepared.clock.now, self._notices, has_system_voice=config.has_system_voice)

    @property
    def plan(self) -> SessionPlan:
        """The phases and their lengths."""
        return self._prepared.plan

    @property
    def _is_sealed(self) -> bool:
        """Whether the session belongs to a study with sham, so that no decoder may learn from it."""
        return self._config.study is not None and self._config.study.start.sealed

    def _prepare(self) -> PreparedSession:
        config = self._config
        programme = load_programme(config.programme) if config.programme and config.mode == "practice" else None
        self._programme = programme
        settings = practice_settings(session_settings(load_settings(config.profile), config), programme)
        plan = self._plan(settings, programme)
        if plan.short_baseline_notice:
            self._notices.append(plan.short_baseline_notice)
        self._notices += filter(None, [load_evidence(settings.index.evidence).notice if plan.has_feedback else ""])
        if settings.recordings.shared:
            share_recordings(config.recordings)
        check_recordings_folder(config.recordings, config.participant)
        self._notices += filter(None, [describe_outputs(config.lsl_out, config.osc_out)])
        for plugin in config.outputs:
            load_plugin(OUTPUTS, split_plugin_name(plugin)[0])
        check_permission(config.lsl_out, allow_network=config.allow_network)
        clock: Clock = VirtualClock() if self._runs_fast() else RealClock()
        source = self._source(settings, plan, clock)
        recovered = recover_sessions(config.recordings) if config.recordings.is_dir() else []
        self._notices += [tr(session_notices.RECOVERED_SESSION, path=path) for path in recovered]
        decoder_state = (
            untrained(config.participant, settings)
            if self._is_sealed or not plan.has_feedback
            else load_decoder(config, settings)
        )
        self._notices += decoder_state.notices
        sink = self._sink(settings)
        self._notices += filter(None, [check_voice(settings.audio, has_system_voice=config.has_system_voice)])
        return PreparedSession(settings, plan, decoder_state, source, sink, clock)

    def _plan(self, settings: Settings, programme: Programme | None) -> SessionPlan:
        config = self._config
        if config.mode == "record":
            self._notices += [tr(course.RECORD_ONLY), tr(course.NOT_A_MONITOR)]
            return plan_recording(config.minutes)
        plan = plan_session(
            settings.phases,
            config.minutes,
            settings.baseline.min_clean_s,
            programme,
            bell_interval_s=60 * settings.audio.interval_bell_min,
            breaths_per_min=settings.pacer.breaths_per_min,
        )
        return plan.without_feedback() if config.study is not None and not config.study.feedback else plan

    def _source(self, settings: Settings, plan: SessionPlan, clock: Clock) -> Source:
        """Return the source; a real device gets reconnection."""
        config = self._config
        duration_s = max_duration_s(plan, _EXTRA_SIGNAL_S)
        source = self._find_source(config.device, now=clock.now, seed=config.seed, duration_s=duration_s)
        if is_self_paced(config.device):
            return source
        return ReconnectingSource(source, settings.gaps.lost_s, now=clock.now)

    def _runs_fast(self) -> bool:
        if self._config.fast and self._config.lsl_markers:
            raise SettingsError(
                "markers of another program need real time",
                got="--fast with --lsl-markers",
                todo="leave out one of them",
            )
        if self._config.fast and not is_self_paced(self._config.device):
            raise SettingsError(
                "only what this program plays itself can run fast",
                got=self._config.device,
                allowed="simulated or playback:FILE",
                todo="leave out --fast",
            )
        return self._config.fast

    def _sink(self, settings: Settings) -> Sink:
        if self._config.is_masked and self._config.audio.lower().endswith(".wav"):
            raise SettingsError(
                tr(session_notices.MASKED_WAV), got=self._config.audio, allowed="auto, none, or device:NAME"
            )
        if self._config.mode == "record" or (self._config.fast and self._config.audio == "auto"):
            return NullSink()
        return open_sink(self._config.audio, settings.audio, self._notices.append)

    def _run_to_end(self) -> SessionResult:
        return self._finish_session(self._run_session())

    def _finish_session(self, result: SessionResult) -> SessionResult:
        """Train the decoder on the session and call ``on_finished``, after device and sound are closed."""
        if result.session_dir is None:
            return result
        if self._config.is_masked:
            return replace(result, message=f"{result.message} {tr(session_notices.MASKED_END)}")
        try:
            load_decoder(self._config, self._prepared.settings)
            if self._on_finished is not None:
                self._on_finished(result.session_dir)
        except NeurofeedbackError as error:
            return replace(result, message=f"{result.message} {error_text(error)}")
        return result

    def _run_session(self) -> SessionResult:
        prepared = self._prepared
        markers = LslMarkers(self._config.lsl_markers) if self._config.lsl_markers else None
        prepared.sink.start()
        try:
            prepared.source.open()
            stream, profile = resolve(prepared.settings, prepared.source.stream)
            if prepared.plan.has_feedback:
                self._note_missing_region(profile)
            fit_result = self._wait_for_fit(stream, profile)
            if fit_result is None:
                return SessionResult(EXIT_OK, tr(session_notices.ENDED_BEFORE_START))
            return self._record(stream, profile, fit_result, markers)
        finally:
            if markers is not None:
                markers.close()
            prepared.source.close()
            prepared.sink.stop(0.0)

    def _note_missing_region(self, profile: Profile) -> None:
        """Show what the index lacks with this headset's electrodes; only the open device tells which there are."""
        if profile.evidence.feature_names != load_evidence(profile.settings.index.evidence).feature_names:
            self._region_notice = profile.evidence.notice
            self.live_state.publish(replace(self.live_state.snapshot, message=profile.evidence.notice))

    def _wait_for_fit(self, stream: StreamInfo, profile: Profile) -> HeadsetFitResult | None:
        """Wait for the headset fit, if configured; None if the person ended it."""
        prepared = self._prepared
        if not self._config.wait_for_fit:
            return HeadsetFitResult(prepared.source)
        voice = FitVoice(prepared.settings.audio, prepared.sink, self.live_state)
        return wait_for_headset_fit(prepared.source, stream, profile, prepared.clock, self.live_state, voice=voice)

    def _record(
        self, stream: StreamInfo, profile: Profile, fit_result: HeadsetFitResult, markers: LslMarkers | None
    ) -> SessionResult:
        prepared, config = self._prepared, self._config
        is_record_only, has_index = config.mode == "record", prepared.plan.has_feedback
        personal_baseline = (
            None if not has_index else load_personal_baseline(config.recordings, config.participant, profile)
        )
        study = config.study
        engine, online_decoder = create_engine(
            stream, profile, prepared.decoder_state, personal_baseline, None if study is None else study.sham
        )
        seed = choose_seed(config)
        header = SessionHeader(
            participant=config.participant,
            stream=stream,
            profile_toml=dump_profile(profile),
            start_state=make_start_state(
                config,
                profile.settings,
                prepared.plan,
                seed,
                engine.start,
                programme=self._programme,
            ),
            columns=engine.columns,
            task="rest" if is_record_only else "meditation",
            started=config.start_time or datetime.now().astimezone(),
            mains_hz=None if engine.mains_hz is None else int(engine.mains_hz),
        )
        settings, index_name = profile.settings, profile.evidence.index_name
        outputs: tuple[SessionOutput, ...] = tuple(
            PluginOutput(name, stream, settings.spectrum.hop_s) for name in config.outputs
        )
        outputs += open_outputs(
            config.lsl_out, config.osc_out, stream, settings.spectrum.hop_s, allow_network=config.allow_network
        )
        if config.is_masked:
            outputs = tuple(MaskedOutput(output) for output in outputs)
        participant = simulated_participant_for(
            fit_result.source, self.live_state, answers=config.fast and not is_record_only
        )
        learn_live, n_answers = settings.probes.learn_live, online_decoder.decoder.n_answers
        decoder_thread = DecoderThread(online_decoder, synchronous=config.fast) if learn_live else None
        try:
            writer = SessionWriter(
                config.recordings, header, in_background=not config.fast, seal=study.seal if study else None
            )
            facts_writer = FactsWriter(writer.files, config.facts, settings.phases.eyes)
            context = SessionContext(
                source=fit_result.source,
                stream=stream,
                writer=writer,
                engine=engine,
                phase_controller=PhaseController(prepared.plan, stream.sfreq, settings.baseline.max_extensions),
                sink=prepared.sink,
                clock=prepared.clock,
                live_state=self.live_state,
                settings=settings,
                seed=seed,
                consumers=(facts_writer, *outputs, *participant),
                marker_input=markers,
                index_name="" if is_record_only else index_name,
                decoder_thread=decoder_thread,
                outputs_text=", ".join(output.description for output in outputs),
                stop_advice=config.facts is not None and config.facts.under_substance,
                masked=config.is_masked,
                own_question=own_question(self._programme),
                model_text=""
                if not has_index
                else index_source_text(index_name, n_answers, learns_live=learn_live, trust=engine.trust),
                model_record=""
                if not has_index
                else index_source_text(
                    index_name, n_answers, learns_live=learn_live, trust=engine.trust, translate=english
                ),
            )
            if fit_result.fit_text:
                context.writer.process_event(Event(0, EventKind.HEADSET_FIT, fit_result.fit_text))
            return self._run_and_close(Runner(context), context, fit_result)
        finally:
            for closable in (*outputs, *filter(None, [decoder_thread])):
                closable.close()

    def _run_and_close(self, runner: Runner, context: SessionContext, fit_result: HeadsetFitResult) -> SessionResult:
        """Run the session, then complete the recording, even after an error."""
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
                complete_events(context.writer.files)
                store_baseline(context.writer.files, context.engine)
        if error is not None:
            where = f" {tr(session_notices.RECORDED_IN, folder=folder)}" if folder else ""
            return SessionResult(error.exit_code, f"{error_text(error)}{where}", folder, summary)
        sentences = (
            _end_message(reason),
            baseline_notice(context.engine) if self._prepared.plan.has_feedback else "",
            self._region_notice,
            runner.sampling_rate_notice,
            fit_result.notice,
        )
        return SessionResult(EXIT_OK, " ".join(filter(None, sentences)), folder, summary)


def _end_message(reason: str) -> str:
    template = {
        "done": session_notices.COMPLETE,
        "source": session_notices.SOURCE_ENDED,
        "asked": session_notices.ENDED_EARLY,
    }[reason]
    return tr(template)
