"""Remove what identifies a person, time or place from a recording: dates, names, notes, serial numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from neurofeedback.recording.recording import Recording
from neurofeedback.recording.session_json import DocumentModel, parse_document
from neurofeedback.settings.resolved_profile import Profile
from neurofeedback.settings.session import QuestionnaireSettings
from neurofeedback.types import Event, EventKind, StreamInfo

_CODE = re.compile(r"((Stimulus|Response|Comment|Event|stim)/)?([SRT] *)?\d{1,5}")
_IDENTIFYING = re.compile(r"\d{4}-?\d\d-?\d\d|[/\\@]|sub-|ses-")
_IDENTIFYING_KEYS = {"imported_from", "machine", "system", "participant", "device", "recordings", "started", "created"}


def anonymize_recording(recording: Recording) -> Recording:
    """Return the same samples, frames and answers without typed text and without clock times."""
    return replace(
        recording,
        stream=anonymize_stream(recording.stream),
        events=tuple(_anonymize_event(event) for event in recording.events),
        profile=None if recording.profile is None else anonymize_profile(recording.profile),
        start_state=recording.start_state and _anonymize_document(recording.start_state),
        summary=_anonymize_document(recording.summary),
        started=None,
    )


def anonymize_stream(stream: StreamInfo) -> StreamInfo:
    """Return the stream with the kind of headset but without what identifies the single device."""
    return replace(stream, device=stream.device.partition(":")[0], serial="n/a", facts={})


def anonymize_profile(profile: Profile) -> Profile:
    """Return the profile without the person's own files, sound device and questionnaires."""
    settings = profile.settings
    background = "rain" if settings.audio.background == "file" else settings.audio.background
    updates = {
        "montage": "device" if _IDENTIFYING.search(settings.montage) else settings.montage,
        "index": settings.index.model_copy(update={"evidence": profile.evidence.name}),
        "audio": settings.audio.model_copy(update={"background": background, "background_file": "", "device": ""}),
        "questionnaires": QuestionnaireSettings(),
    }
    return profile.model_copy(update={"settings": settings.model_copy(update=updates)})


def _anonymize_event(event: Event) -> Event:
    """Replace free text (notes, names of devices and files) with n/a; keep codes and the program's own words."""
    has_free_text = event.kind in {EventKind.MARK, EventKind.START, EventKind.ENTRY}
    return replace(event, value="n/a") if has_free_text and not _CODE.fullmatch(event.value) else event


def _anonymize_document(document: DocumentModel) -> DocumentModel:
    return parse_document(type(document), remove_identifying_entries(document.as_dict()))


def remove_identifying_entries(document: Mapping[str, object]) -> dict[str, object]:
    """Return a document without the entries, at any depth, that identify a person, a time or a place.

    Examples
    --------
    >>> remove_identifying_entries({"seed": 3, "participant": "Ana", "versions": {"mne": "1.13.2", "system": "x"}})
    {'seed': 3, 'versions': {'mne': '1.13.2'}}
    """
    return {key: _clean_value(value) for key, value in document.items() if not _is_identifying(key, value)}


def _clean_value(value: object) -> object:
    if isinstance(value, Mapping):
        return remove_identifying_entries({str(key): item for key, item in value.items()})
    if isinstance(value, list | tuple):
        return [_clean_value(item) for item in value if not _is_identifying("", item)]
    return value


def _is_identifying(key: str, value: object) -> bool:
    return key in _IDENTIFYING_KEYS or (isinstance(value, str) and bool(_IDENTIFYING.search(value)))
