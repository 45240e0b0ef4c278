"""A recording without what tells who, when and where: dates, names, notes, serial numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from neurofeedback.recording.recording import Recording
from neurofeedback.settings.profile import Profile
from neurofeedback.settings.sitting import QuestionnaireSettings
from neurofeedback.types import Event, EventKind, Stream

_CODE = re.compile(r"((Stimulus|Response|Comment|Event|stim)/)?([SRT] *)?\d{1,5}")
_TELLING = re.compile(r"\d{4}-?\d\d-?\d\d|[/\\@]|sub-|ses-")
_TELLING_KEYS = {"imported_from", "machine", "system", "participant", "device", "recordings", "started", "created"}


def anonymous(recording: Recording) -> Recording:
    """Return the same samples, frames and answers without anything a person typed or a clock told."""
    return replace(
        recording,
        stream=anonymous_stream(recording.stream),
        events=tuple(_event(event) for event in recording.events),
        profile=None if recording.profile is None else anonymous_profile(recording.profile),
        start=scrubbed(recording.start),
        summary=scrubbed(recording.summary),
        started=None,
    )


def anonymous_stream(stream: Stream) -> Stream:
    """Keep what kind of headset it was; drop which one."""
    return replace(stream, device=stream.device.partition(":")[0], serial="n/a", facts={})


def anonymous_profile(profile: Profile) -> Profile:
    """Keep what made the numbers; drop a person's own files, sound device and questionnaires."""
    settings = profile.settings
    bed = "rain" if settings.audio.bed == "file" else settings.audio.bed
    kept = {
        "montage": "device" if _TELLING.search(settings.montage) else settings.montage,
        "index": settings.index.model_copy(update={"evidence": profile.evidence.name}),
        "audio": settings.audio.model_copy(update={"bed": bed, "bed_file": "", "device": ""}),
        "questionnaires": QuestionnaireSettings(),
    }
    return profile.model_copy(update={"settings": settings.model_copy(update=kept)})


def _event(event: Event) -> Event:
    """Drop free text: notes, names of devices and files. Codes and the program's own words stay."""
    told = event.kind in {EventKind.MARK, EventKind.START}
    return replace(event, value="n/a") if told and not _CODE.fullmatch(event.value) else event


def scrubbed(document: Mapping[str, object]) -> dict[str, object]:
    """Drop the entries of a document that tell a person, a time or a place, however deep.

    Examples
    --------
    >>> scrubbed({"seed": 3, "participant": "Ana", "from": "/home/ana", "versions": {"mne": "1.13.2", "system": "x"}})
    {'seed': 3, 'versions': {'mne': '1.13.2'}}
    """
    return {key: _inside(value) for key, value in document.items() if not _tells(key, value)}


def _inside(value: object) -> object:
    if isinstance(value, Mapping):
        return scrubbed({str(key): item for key, item in value.items()})
    if isinstance(value, list | tuple):
        return [_inside(item) for item in value if not _tells("", item)]
    return value


def _tells(key: str, value: object) -> bool:
    return key in _TELLING_KEYS or (isinstance(value, str) and bool(_TELLING.search(value)))
