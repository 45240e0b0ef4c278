"""Rows after COBIDAS-EEG for the page of the checklist, and difficult experiences by arm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.facts.form_records import read_form
from neurofeedback.recording.session_json import read_start
from neurofeedback.settings.load import load_settings
from neurofeedback.study.session_table import StudySession
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.studies import crednf as texts

_FORM = "difficult"
_UNKNOWN = "n/a"
_STREAM_ROWS = (texts.COBIDAS_CHANNELS, texts.COBIDAS_REFERENCE, texts.COBIDAS_RATE)


def cobidas_rows(
    root: Path, sessions: Sequence[StudySession], profiles: Iterable[str], arms: Mapping[str, str] | None
) -> list[tuple[str, str]]:
    """Return names and values of the rows.

    Parameters
    ----------
    profiles : iterable of str
        Profiles of the protocol.
    arms : mapping, optional
        Arm by participant; None before the study is unlocked.
    """
    practice = [value for one in sessions if (value := one.numbers["practice_s"]) is not None]
    people = {one.participant for one in sessions}
    valid, lost = mean_of(sessions, "valid_fraction"), mean_of(sessions, "loss_share")
    return [
        (english(texts.COBIDAS_SESSIONS), f"{len(sessions)}, {len(people)}"),
        *_streams(root, sessions),
        (english(texts.COBIDAS_FILTERS), "; ".join(_filters(profile) for profile in profiles)),
        (english(texts.COBIDAS_REJECTED), _UNKNOWN if valid is None else f"{1 - valid:.3g}"),
        (english(texts.COBIDAS_LOST), _UNKNOWN if lost is None else f"{lost:.3g}"),
        (english(texts.COBIDAS_DURATION), f"{min(practice):.0f} to {max(practice):.0f} s" if practice else _UNKNOWN),
        (english(texts.COBIDAS_DIFFICULT), _difficult(root, people, arms)),
    ]


def mean_of(sessions: Iterable[StudySession], field: str) -> float | None:
    """Return the mean of a field over the sessions that have it; None if none has."""
    values = [value for one in sessions if (value := one.numbers[field]) is not None]
    return fmean(values) if values else None


def _streams(root: Path, sessions: Iterable[StudySession]) -> list[tuple[str, str]]:
    """Return channels, reference and nominal rate of the sessions, each as often as it occurs."""
    found: dict[str, Counter[str]] = {name: Counter() for name in _STREAM_ROWS}
    for one in sessions:
        try:
            stream = read_start(SessionFiles.from_stem(root, one.stem).derived_file("start.json")).stream
        except RecordingError:  # lost; the other sessions stand
            continue
        values = (" ".join(stream.ch_names), f"{stream.reference}; {stream.ground}", f"{stream.sfreq:g} Hz")
        for name, value in zip(_STREAM_ROWS, values, strict=True):
            found[name][value] += 1
    return [
        (english(name), ", ".join(f"{value} ({n})" for value, n in counts.most_common()) or _UNKNOWN)
        for name, counts in found.items()
    ]


def _filters(profile: str) -> str:
    settings = load_settings(profile)
    return english(
        texts.FILTERS,
        profile=profile,
        highpass=settings.filters.highpass_hz,
        notch=settings.filters.notch_q,
        window=settings.spectrum.window_s,
        hop=settings.spectrum.hop_s,
    )


def _difficult(root: Path, people: Iterable[str], arms: Mapping[str, str] | None) -> str:
    """Return how many people were asked about difficult experiences and had some, by arm where arms are known."""
    numbers = {int(person): person for person in people}
    worst: dict[str, int] = {}
    for one in read_form(root, _FORM):
        label = one.answers.participant
        person = numbers.get(int(label)) if label.isascii() and label.isdigit() else None
        if person is not None and not one.superseded_by and _FORM in one.answers.items:
            worst[person] = max(worst.get(person, 0), one.answers.items[_FORM])
    if not worst:
        return english(texts.NOT_ASKED)
    groups = {english(texts.ALL_ARMS): set(worst)}
    if arms is not None:
        for person in worst:
            groups.setdefault(arms.get(person, _UNKNOWN), set()).add(person)
    return "; ".join(
        english(
            texts.DIFFICULT,
            group=group,
            n=len(members),
            little=sum(worst[person] == 1 for person in members),
            strongly=sum(worst[person] > 1 for person in members),
        )
        for group, members in groups.items()
    )
