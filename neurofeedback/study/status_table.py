"""What deviates from the protocol, as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from neurofeedback.study.protocol import Protocol
from neurofeedback.study.schedule import VisitStatus
from neurofeedback.study.session_table import StudySession
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.studies import study as texts


def deviations(
    protocol: Protocol, enrolled: set[str], sessions: Iterable[StudySession], rows: Sequence[Sequence[VisitStatus]]
) -> list[str]:
    """Return one sentence for each session out of its window, repeated, of no visit, of nobody, or without its arm."""
    visits = {visit.name for visit in protocol.visits}
    found = [
        tr(texts.DEVIATION_WINDOW, participant=one.participant, visit=one.visit.name, days=f"{one.off_window_days:+d}")
        for row in rows
        for one in row
        if one.off_window_days
    ]
    found += [
        tr(texts.DEVIATION_REPEATED, participant=one.participant, visit=one.visit.name, n=len(one.sessions))
        for row in rows
        for one in row
        if len(one.sessions) > 1
    ]
    for one in sessions:
        if one.participant not in enrolled:
            found.append(tr(texts.DEVIATION_NOBODY, participant=one.participant, session=one.session))
        elif one.visit not in visits:
            found.append(tr(texts.DEVIATION_NO_VISIT, participant=one.participant, session=one.session))
        elif protocol.has_sham and protocol.visit(one.visit).feedback and one.sealed_visit != one.visit:
            found.append(tr(texts.DEVIATION_OUTSIDE, participant=one.participant, session=one.session))
    return found
