"""Whether datasets can be merged: their protocols, the dates of their computers, and their participant numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations
from pathlib import Path

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.storage.file_lock import is_locked
from neurofeedback.study.enrolment import Enrolment, read_enrolments
from neurofeedback.study.protocol_lock import ProtocolLock, lock_path, read_lock

_LABEL_TIME = "%Y%m%dT%H%M%S"
_MAX_FREEZE_GAP = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class SourceDataset:
    """One dataset to merge: sessions by participant number, enrolments by number, and the lock of its protocol.

    Numbers are without leading zeros, so that 7 and 07 are one person.
    """

    root: Path
    sessions: Mapping[str, frozenset[str]]
    enrolled: Mapping[str, Enrolment]
    lock: ProtocolLock | None

    @property
    def people(self) -> set[str]:
        """Numbers with sessions or an enrolment."""
        return {*self.sessions, *self.enrolled}


def read_source(root: Path) -> SourceDataset:
    """Return what decides whether a dataset can be merged.

    Raises
    ------
    RecordingError
        It is no dataset, a session in it is being recorded or was not completed, or a record of it is damaged.
    """
    if not (root / "dataset_description.json").is_file():
        raise RecordingError("this folder is no dataset", got=root, allowed="a recordings folder of this program")
    for lock in sorted(root.glob(".sub-*.lock")):
        if is_locked(lock):
            raise RecordingError(
                "a session is being recorded in this dataset",
                got=f"{root}, {lock.name}",
                todo="merge when it has ended",
            )
    parts = sorted(path.name for path in (*root.glob(".sub-*.part"), *root.glob(".sub-*.import")))
    if parts:
        raise RecordingError(
            "a session of this dataset is not completed",
            got=f"{root}, {parts[0]}",
            todo="start the program with this dataset once: it completes what was broken off; then merge",
        )
    sessions: dict[str, set[str]] = {}
    for folder in sorted(root.glob("sub-*/ses-*")):
        if folder.is_dir():
            sessions.setdefault(_number(folder.parent.name.removeprefix("sub-")), set()).add(folder.name)
    return SourceDataset(
        root,
        {number: frozenset(found) for number, found in sessions.items()},
        {_number(one.participant): one for one in read_enrolments(root)},
        read_lock(root) if lock_path(root).exists() else None,
    )


def _number(label: str) -> str:
    return str(int(label)) if label.isascii() and label.isdigit() else label


def check_protocols(sources: Sequence[SourceDataset]) -> None:
    """Check that all datasets have the same frozen protocol, or none has one.

    Raises
    ------
    RecordingError
        They differ.
    """
    hashes = {source.root: source.lock.sha256[:12] if source.lock else "none" for source in sources}
    if len(set(hashes.values())) > 1:
        raise RecordingError(
            "the datasets have different frozen protocols",
            got=", ".join(f"{root.name}: {sha256}" for root, sha256 in hashes.items()),
            allowed="the same protocol.lock at all sites",
        )


def date_problems(sources: Sequence[SourceDataset], today: date) -> list[str]:
    """Return what cannot be right about the dates of the datasets: a computer's clock was wrong.

    A session cannot be of a later day than today, a session of somebody enrolled cannot be older than the frozen
    protocol, and the same protocol is not frozen at two sites half a year apart.
    """
    problems: list[str] = []
    for source in sources:
        newest = max(_days(source, source.sessions), default=today)
        if newest > today + timedelta(days=1):
            problems.append(f"{source.root.name}: the newest session is of {newest}, today is {today}")
        if source.lock is not None:
            frozen = _frozen_on(source.lock)
            oldest = min(_days(source, source.enrolled), default=frozen)
            if oldest < frozen - timedelta(days=1):
                problems.append(f"{source.root.name}: a session is of {oldest}, the protocol was frozen on {frozen}")
    frozen_on = {source.root.name: _frozen_on(source.lock) for source in sources if source.lock is not None}
    if frozen_on and max(frozen_on.values()) - min(frozen_on.values()) > _MAX_FREEZE_GAP:
        problems.append("frozen on " + ", ".join(f"{day} in {name}" for name, day in frozen_on.items()))
    return problems


def _frozen_on(lock: ProtocolLock) -> date:
    return datetime.fromisoformat(lock.at).date()


def _days(source: SourceDataset, numbers: Iterable[str]) -> list[date]:
    """Return the days of the sessions of these people; labels without a time are left out."""
    days: list[date] = []
    for number in numbers:
        for label in source.sessions.get(number, ()):
            try:
                days.append(datetime.strptime(label.removeprefix("ses-"), _LABEL_TIME).date())
            except ValueError:
                continue
    return days


def check_people(sources: Sequence[SourceDataset], *, same_people: bool) -> None:
    """Check that no participant number stands for two people.

    A number in two datasets is one person if its enrolment is the same, or if the datasets share a session of it, as a
    copy does.

    Parameters
    ----------
    same_people : bool
        A number of nobody enrolled is one person in all datasets.

    Raises
    ------
    SettingsError
        It may stand for two.
    """
    twice, unclear = set[str](), set[str]()
    for one, other in combinations(sources, 2):
        for number in one.people & other.people:
            first, second = one.enrolled.get(number), other.enrolled.get(number)
            if first is not None and second is not None:
                twice |= {number} if first != second else set()
            elif not one.sessions.get(number, frozenset()) & other.sessions.get(number, frozenset()):
                unclear.add(number)
    if twice:
        raise SettingsError(
            "participant numbers are enrolled in two datasets, not as the same person",
            got=_listed(twice),
            todo="find out with the keeper who has which number; nothing was merged",
        )
    if unclear and not same_people:
        raise SettingsError(
            "participant numbers are in two datasets with different sessions",
            got=_listed(unclear),
            todo="pass --same-people if each number is one person; if not, nothing can be merged",
        )


def slots_taken_twice(sources: Sequence[SourceDataset]) -> list[str]:
    """Return the pairs of people who got the same slot of an allocation, as two laptops of one site give it."""
    taken: dict[tuple[str, str, int], set[str]] = {}
    for source in sources:
        for number, one in source.enrolled.items():
            if one.slot is not None:
                taken.setdefault((one.site, one.stratum, one.slot), set()).add(number)
    return [_listed(numbers) for numbers in taken.values() if len(numbers) > 1]


def _listed(numbers: Iterable[str]) -> str:
    return ", ".join(sorted(numbers, key=lambda number: (len(number), number)))
