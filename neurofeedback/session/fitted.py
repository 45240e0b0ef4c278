"""The stage before a sitting: the headset is put on while its electrodes are judged, and nothing is recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace

from neurofeedback.acquisition.reconnect import reconnects_of
from neurofeedback.acquisition.source import Source
from neurofeedback.acquisition.taken_over import TakenOver
from neurofeedback.feedback.fit_words import BEGUN_ANYWAY, fit_record
from neurofeedback.session.checking import Checking
from neurofeedback.session.mailbox import Ask, Mailbox, Snapshot
from neurofeedback.session.pace import Clock
from neurofeedback.settings.profile import Profile
from neurofeedback.types import Stream


@dataclass(frozen=True, slots=True)
class Fitted:
    """Where the sitting's samples come from, and how the headset sat when it began (empty if nobody looked).

    ``reconnects`` is how often it was lost and found again until then.
    """

    source: Source
    record: str = ""
    reconnects: int = 0

    @property
    def complaint(self) -> str:
        """One sentence if the sitting was begun anyway, else empty."""
        return f"It was {BEGUN_ANYWAY}." if self.record.startswith(BEGUN_ANYWAY) else ""


def fit_headset(
    source: Source, stream: Stream, profile: Profile, clock: Clock, mailbox: Mailbox, *, begins_anew: bool
) -> Fitted | None:
    """Show how an open headset sits until it sits well, or somebody begins anyway; None if it is ended instead.

    Parameters
    ----------
    begins_anew : bool
        The source is opened afresh for the sitting, so that it is the same however long this took.
    """
    checking = Checking(source, stream, profile.montage, profile.settings, clock)
    shown, message = Snapshot(), mailbox.snapshot.message
    for snapshot in checking.snapshots():
        if snapshot is not shown:
            shown = snapshot
            mailbox.publish(replace(snapshot, message=message))
        asked = {request.kind for request in mailbox.requests()}
        if Ask.STOP in asked:
            return None
        if snapshot.fit and not snapshot.signal_lost_s and (Ask.BEGIN in asked or snapshot.fit.begins_in_s == 0):
            break
    record = fit_record(shown.fit) if shown.fit else ""
    if not begins_anew:
        return Fitted(TakenOver(source, checking.link.n_samples), record, reconnects_of(source))
    source.close()
    source.open()
    return Fitted(source, record)
