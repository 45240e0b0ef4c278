"""List the programmes of practice, and save a new one. No Qt here."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.storage.atomic_files import write_atomic
from neurofeedback.storage.private_files import make_folder
from neurofeedback.ui.app_state import ProgrammeChoice

if TYPE_CHECKING:
    from neurofeedback.settings.programme import Programme

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment of a programme as the editor shows it.

    Parameters
    ----------
    minutes : float
        Length; 0 for the time that the other segments leave.
    quiet_percent : int
        Share of quiet; 0 as in the segment before.
    background : str
        Background sound; empty as in the segment before.
    bell_min : float
        Time between soft bells, min; 0 for none.
    """

    phase: str = "practice"
    minutes: float = 0.0
    quiet_percent: int = 0
    background: str = ""
    bell_min: float = 0.0

    def as_toml(self) -> dict[str, object]:
        """Return the segment as a table of a programme file."""
        table: dict[str, object] = {"phase": self.phase}
        if self.minutes:
            table["minutes"] = self.minutes
        if self.quiet_percent:
            table["target_rate"] = self.quiet_percent / 100
        if self.background:
            table["background"] = self.background
        if self.bell_min:
            table["bell_every_min"] = self.bell_min
        return table


def programme_choices() -> tuple[ProgrammeChoice, ...]:
    """List the valid programmes, the one for the first sitting first; invalid ones are logged."""
    from neurofeedback.settings.load import available, load_programme  # pydantic

    choices: list[ProgrammeChoice] = []
    for name in available("programmes"):
        try:
            programme = load_programme(name)
        except SettingsError as error:
            _log.warning("the programme %s is left out: %s", name, error)
            continue
        choice = ProgrammeChoice(
            name,
            programme.title,
            _minutes(programme),
            programme.description,
            programme.has_feedback,
            programme.headset,
        )
        choices.append(choice)
    return tuple(sorted(choices, key=_order))


def _order(choice: ProgrammeChoice) -> tuple[bool, bool, float, str]:
    """Sort the first sitting first, practices with feedback before the others, and short ones before long ones."""
    return choice.name != "first", not choice.feedback, choice.minutes or math.inf, choice.title


def _minutes(programme: Programme) -> float:
    """Return the length of a whole session of this programme, min; 0 without end."""
    from neurofeedback.session.plan import plan_session
    from neurofeedback.settings.session import PhaseSettings  # pydantic

    total_s = plan_session(PhaseSettings(), None, 0.0, programme).total_s
    return total_s / 60 if math.isfinite(total_s) else 0.0


def save_programme(title: str, minutes: float, rows: Sequence[SegmentRow], folder: Path) -> Path:
    """Check a programme and write it to ``folder``; its file name is made from its title.

    Raises
    ------
    SettingsError
        The segments do not make a programme.
    RecordingError
        The file cannot be written.
    """
    import tomli_w

    from neurofeedback.settings.load import parse  # pydantic
    from neurofeedback.settings.programme import Programme

    name = "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in title).split()).lower()[:64]
    data: dict[str, object] = {"name": name, "title": title.strip(), "segments": [row.as_toml() for row in rows]}
    if minutes:
        data["minutes"] = minutes
    parse(Programme, data, "this programme", todo="change it here, then save again")
    path = folder / f"{name}.toml"
    try:
        make_folder(folder)
        write_atomic(path, tomli_w.dumps(data))
    except OSError as error:
        raise RecordingError(
            "the programme could not be saved", got=str(error), todo="free disk space, then save"
        ) from None
    return path
