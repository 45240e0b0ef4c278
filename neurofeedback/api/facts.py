"""Answers to forms and facts of sessions in the public API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from neurofeedback.recording.facts.forms import SavedForm
    from neurofeedback.recording.facts.session_facts import SessionFacts


def save_answers(
    recordings: str | PathLike[str],
    participant: str,
    form: str,
    answers: Mapping[str, int],
    *,
    session: str = "",
    asked_at: datetime | None = None,
    asked_by: str = "self",
) -> SavedForm:
    """Save the answers to a form; earlier answers stay.

    Parameters
    ----------
    recordings : path-like
        The recordings folder; it is created if it is missing.
    participant : str
        Label of the person.
    form : str
        Name of a form, such as ``phq9``, or the path of a TOML file.
    answers : mapping of str to int
        Answers by item; missing items count as unanswered.
    session : str
        Label of a session; empty for a form without a sitting.
    asked_at : datetime, optional
        Time of the asking; None for now.
    asked_by : str
        Who asked.

    Returns
    -------
    SavedForm
        ``hash`` of the line in the record, ``score``, and ``notices`` about anything unusual.

    Raises
    ------
    SettingsError
        There is no such form or item, or an answer is not one of its choices.
    RecordingError
        The disk cannot be written; nothing has changed.

    Examples
    --------
    >>> import tempfile
    >>> import neurofeedback as nf
    >>> folder = tempfile.mkdtemp()
    >>> nf.save_answers(folder, "07", "mood", {"mood": 4}).score
    4
    """
    from neurofeedback.recording.facts.forms import save_answers as save  # when asked for
    from neurofeedback.settings.load import load_questionnaire

    return save(
        Path(recordings),
        load_questionnaire(form),
        answers,
        participant=participant,
        session=session,
        asked_at=asked_at,
        asked_by=asked_by,
    )


def read_answers(recordings: str | PathLike[str], participant: str) -> pd.DataFrame:
    """Read all answers of a person.

    Parameters
    ----------
    recordings : path-like
        The recordings folder.
    participant : str
        Label of the person.

    Returns
    -------
    DataFrame
        One row for each item of each asking, by time: ``asked_at``, ``form``, ``session``, ``item``, ``value``,
        ``score`` of the asking (NaN without one), and ``entry``, ``superseded_by`` (hashes in the record).

    Raises
    ------
    SettingsError
        The label of the person is not valid.

    Examples
    --------
    >>> import tempfile
    >>> import neurofeedback as nf
    >>> folder = tempfile.mkdtemp()
    >>> _ = nf.save_answers(folder, "07", "mood", {"mood": 2})
    >>> _ = nf.save_answers(folder, "07", "mood", {"mood": 4})
    >>> nf.read_answers(folder, "07")["value"].tolist()
    [2, 4]
    """
    import pandas as pd  # takes long to load

    from neurofeedback.recording.bids_paths import check_label
    from neurofeedback.recording.facts.form_records import read_all_forms

    check_label("participant", participant.removeprefix("sub-"))
    columns = ["asked_at", "form", "session", "item", "value", "score", "entry", "superseded_by"]
    rows = [
        (one.asked_at, one.answers.form, one.session, item, value, one.answers.score, one.hash, one.superseded_by)
        for one in read_all_forms(Path(recordings), participant)
        for item, value in one.answers.items.items()
    ]
    return pd.DataFrame(rows, columns=columns).astype({"score": float})


def read_session_facts(recordings: str | PathLike[str], participant: str, session: str) -> SessionFacts | None:
    """Read the facts of a session, such as condition, substance and dose; None if none were entered.

    Parameters
    ----------
    recordings : path-like
        The recordings folder.
    participant, session : str
        Labels, with or without ``sub-`` and ``ses-``.

    Raises
    ------
    RecordingError
        The table of sessions cannot be used.

    Examples
    --------
    ``recording`` is the folder of a session, such as ``recordings/sub-01/ses-20261122T091500``.

    >>> import neurofeedback as nf
    >>> nf.read_session_facts(recording.parents[1], "01", "20260101T000000") is None
    True
    """
    from neurofeedback.recording.facts.session_facts import read_facts

    return read_facts(Path(recordings), participant, session)


def set_session_facts(
    recordings: str | PathLike[str],
    participant: str,
    session: str,
    *,
    by: str = "",
    why: str = "",
    **facts: str | float | None,
) -> tuple[str, ...]:
    """Set some facts of a session; earlier values stay in the change log.

    Parameters
    ----------
    recordings : path-like
        The recordings folder.
    participant, session : str
        Labels, with or without ``sub-`` and ``ses-``.
    by, why : str
        Who changes them, and why.
    **facts : str, float or None
        Text: ``condition``, ``substance``, ``dose``, ``route``, ``eyes``, ``visit``, ``arm``, ``note``, and ``anchor``,
        ISO 8601. A number or None: ``minutes_from_anchor``.

    Returns
    -------
    tuple of str
        Sentences about what was there before.

    Raises
    ------
    SettingsError
        There is no such fact, or its value is of another type.
    RecordingError
        There is no such session, a value is not valid, or the disk cannot be written.

    Examples
    --------
    >>> import neurofeedback as nf
    >>> nf.set_session_facts("recordings", "07", "20261122T091500", weather="rain")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    neurofeedback.errors.SettingsError: there is no such fact: got weather; allowed: condition, ...
    """
    from neurofeedback.errors import SettingsError
    from neurofeedback.recording.facts.session_facts import FACT_NAMES, update_facts

    if unknown := sorted(set(facts) - set(FACT_NAMES)):
        raise SettingsError("there is no such fact", got=", ".join(unknown), allowed=", ".join(FACT_NAMES))
    for name, value in facts.items():
        is_number = name == "minutes_from_anchor"
        if not isinstance(value, (int, float, type(None)) if is_number else str):
            allowed = "a number of minutes, or None" if is_number else "text"
            raise SettingsError(f"{name} has an invalid value", got=repr(value), allowed=allowed)
    changes: dict[str, str | float | None] = {**facts}
    return update_facts(Path(recordings), participant, session, changes, by=by, why=why)[1]
