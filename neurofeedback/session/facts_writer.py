"""Writes the facts of a session that were entered before it, as soon as its folder exists."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from neurofeedback.errors import RecordingError
from neurofeedback.recording.bids_paths import SessionFiles
from neurofeedback.recording.facts.session_facts import SessionFacts, write_facts
from neurofeedback.types import Chunk, Command, Event, Frame

_log = logging.getLogger(__name__)


class FactsWriter:
    """Writes facts with the first chunk, so that a kill does not lose them. It takes chunks after the recording does.

    Parameters
    ----------
    files : SessionFiles
        Paths of the session.
    facts : SessionFacts, optional
        As entered; None for nothing.
    eyes : str
        Eyes by the profile, where the facts do not say.
    """

    def __init__(self, files: SessionFiles, facts: SessionFacts | None, eyes: str) -> None:
        self._files = files
        self._facts = None if facts is None else replace(facts, eyes=facts.eyes or eyes)

    def process_chunk(self, chunk: Chunk) -> None:
        """Write the facts once the session's folder exists. A failure never ends the recording."""
        files = self._files
        if self._facts is None or not chunk.n_samples or not files.raw.is_dir():
            return
        facts, self._facts = self._facts, None
        try:
            write_facts(files.root, files.participant, files.session_label, facts)
        except (RecordingError, OSError) as error:
            _log.warning("the facts of %s are not saved; enter them with `session set`: %s", files.stem, error)

    def process_frames(self, frames: Sequence[Frame]) -> None:
        """Frames change nothing here."""

    def process_event(self, event: Event | Command) -> None:
        """Events change nothing here."""
