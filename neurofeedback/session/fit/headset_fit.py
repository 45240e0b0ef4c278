"""The step before a session: rate electrodes until contact is good or the person begins; built on ``ContactCheck``."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neurofeedback.acquisition.reconnect import count_reconnects
from neurofeedback.acquisition.source import Source
from neurofeedback.session.clock import Clock
from neurofeedback.session.fit.contact_check import ContactCheck
from neurofeedback.session.live_state import LiveState, RequestKind, Snapshot
from neurofeedback.session.voice.fit_voice import FitVoice
from neurofeedback.settings.resolved_profile import Profile
from neurofeedback.texts import session_notices
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.status import headset_fit_record
from neurofeedback.types import StreamInfo


@dataclass(frozen=True, slots=True)
class HeadsetFitResult:
    """The source of the session, and the headset fit at its start.

    Parameters
    ----------
    fit_text : str
        The fit as recorded; empty if it was not checked.
    n_reconnects : int
        Reconnections during the fit.
    good_enough : bool
        The fit met the criterion.
    """

    source: Source
    fit_text: str = ""
    n_reconnects: int = 0
    good_enough: bool = True

    @property
    def notice(self) -> str:
        """Notice if the session was started before the fit was good enough, else empty."""
        return "" if self.good_enough else tr(session_notices.STARTED_BEFORE_GOOD_CONTACT)


def wait_for_headset_fit(
    source: Source,
    stream: StreamInfo,
    profile: Profile,
    clock: Clock,
    live_state: LiveState,
    *,
    voice: FitVoice | None = None,
) -> HeadsetFitResult | None:
    """Publish the headset fit until it is good or the person starts anyway; None if the person ends it instead.

    The source then delivers its next sample as number 0. ``voice`` says what helps.
    """
    check = ContactCheck(source, stream, profile.montage, profile.settings, clock)
    shown, message = Snapshot(), live_state.snapshot.message
    for snapshot in check.snapshots():
        if snapshot is not shown:
            shown = snapshot
            live_state.publish(replace(snapshot, message=message))
        if voice is not None:
            voice.update(snapshot.headset_fit, snapshot.signal_lost_s, clock.now())
        requested = {request.kind for request in live_state.drain_requests()}
        if RequestKind.STOP in requested:
            return None
        if RequestKind.IMPEDANCE in requested:
            check.start_impedance()
        elif (
            snapshot.headset_fit
            and not snapshot.signal_lost_s
            and not check.measures
            and (RequestKind.BEGIN in requested or snapshot.headset_fit.starts_in_s == 0)
        ):
            break
    fit = shown.headset_fit
    record = headset_fit_record(fit) if fit else ""
    good_enough = fit is None or fit.all_good or fit.good_enough
    source.restart_numbering()
    return HeadsetFitResult(source, record, count_reconnects(source), good_enough)
