"""The stage before a sitting: the headset is put on while its electrodes are judged, and nothing is recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neurofeedback.acquisition.reconnect import count_reconnects
from neurofeedback.acquisition.source import Source
from neurofeedback.session.clock import Clock
from neurofeedback.session.contact_check import ContactCheck
from neurofeedback.session.live_state import LiveState, RequestKind, Snapshot
from neurofeedback.session.status_text import headset_fit_record
from neurofeedback.settings.profile import Profile
from neurofeedback.texts.headset_fit import STARTED_WITHOUT_GOOD_CONTACT
from neurofeedback.types import StreamInfo


@dataclass(frozen=True, slots=True)
class HeadsetFitResult:
    """Where the sitting's samples come from, and how the headset sat when it began (empty if nobody looked).

    ``reconnects`` is how often it was lost and found again until then.
    """

    source: Source
    fit_text: str = ""
    n_reconnects: int = 0

    @property
    def notice(self) -> str:
        """One sentence if the sitting was begun anyway, else empty."""
        return (
            f"It was {STARTED_WITHOUT_GOOD_CONTACT}." if self.fit_text.startswith(STARTED_WITHOUT_GOOD_CONTACT) else ""
        )


def wait_for_headset_fit(
    source: Source, stream: StreamInfo, profile: Profile, clock: Clock, live_state: LiveState
) -> HeadsetFitResult | None:
    """Show how an open headset sits until it sits well, or somebody begins anyway; None if it is ended instead.

    The source then delivers its next sample as number 0.
    """
    checking = ContactCheck(source, stream, profile.montage, profile.settings, clock)
    shown, message = Snapshot(), live_state.snapshot.message
    for snapshot in checking.snapshots():
        if snapshot is not shown:
            shown = snapshot
            live_state.publish(replace(snapshot, message=message))
        asked = {request.kind for request in live_state.drain_requests()}
        if RequestKind.STOP in asked:
            return None
        if (
            snapshot.headset_fit
            and not snapshot.signal_lost_s
            and (RequestKind.BEGIN in asked or snapshot.headset_fit.starts_in_s == 0)
        ):
            break
    record = headset_fit_record(shown.headset_fit) if shown.headset_fit else ""
    source.restart_numbering()
    return HeadsetFitResult(source, record, count_reconnects(source))
