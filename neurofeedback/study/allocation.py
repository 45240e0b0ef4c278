"""Allocation by permuted blocks of random sizes, stratified by factors and site, in sealed records."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from pydantic import Field, ValidationError

from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.recording.facts.changes import log_change, read_changes
from neurofeedback.settings.base import SettingsModel
from neurofeedback.storage.atomic_files import explain_disk_errors, read_json, to_json, write_atomic
from neurofeedback.storage.private_files import make_folder
from neurofeedback.study.protocol import FactorSettings, study_folder
from neurofeedback.study.protocol_lock import frozen_protocol
from neurofeedback.study.sealing import (
    ArmRecord,
    Slot,
    key_path,
    new_key,
    open_record,
    read_key,
    seal_record,
    write_key,
)

_MAX_SEED = 2**31
_DRAWN = "allocation drawn for site {site}"


class Allocation(SettingsModel):
    """Sealed records of one site by stratum, hexadecimal."""

    protocol_sha256: str
    site: str
    strata: dict[str, tuple[str, ...]] = Field(min_length=1)

    def open_slot(self, stratum: str, number: int, key: bytes) -> ArmRecord:
        """Return the record of a slot, counted from 0."""
        sealed = bytes.fromhex(self.strata[stratum][number])
        return open_record(sealed, Slot(self.protocol_sha256, self.site, stratum, number), key)


@dataclass(frozen=True, slots=True)
class WrittenAllocation:
    """Files of a new allocation."""

    records: Path
    key: Path


def stratum_names(factors: Sequence[FactorSettings]) -> list[str]:
    """Return the strata of all combinations of levels.

    Examples
    --------
    >>> stratum_names([FactorSettings(name="sex", levels=("f", "m"))]), stratum_names([])
    (['sex=f', 'sex=m'], ['all'])
    """
    return [
        stratum_name({factor.name: level for factor, level in zip(factors, levels, strict=True)})
        for levels in itertools.product(*(factor.levels for factor in factors))
    ]


def stratum_name(levels: Mapping[str, str]) -> str:
    """Return the name of the stratum with these levels, in the order of the factors."""
    return ",".join(f"{name}={level}" for name, level in levels.items()) or "all"


def draw_blocks(arms: Sequence[str], block_sizes: Sequence[int], n: int, random: Random) -> list[str]:
    """Return the arms of at least ``n`` slots in permuted blocks, each of a size drawn from ``block_sizes``.

    Examples
    --------
    >>> drawn = draw_blocks(["a", "b"], [2, 4], 20, Random(1))
    >>> len(drawn) >= 20, abs(drawn.count("a") - drawn.count("b"))
    (True, 0)
    """
    drawn: list[str] = []
    while len(drawn) < n:
        block = list(arms) * (random.choice(block_sizes) // len(arms))
        random.shuffle(block)
        drawn += block
    return drawn


def allocate(root: Path, site: str, out: Path, *, by: str, random: Random | None = None) -> WrittenAllocation:
    """Draw the allocation of a site on the keeper's computer and write sealed records and the run key.

    Every stratum gets slots for all numbers of the site, so that none runs out.

    Parameters
    ----------
    root : Path
        A dataset with the frozen protocol.
    site : str
        Name of the site.
    out : Path
        Folder for ``allocation-SITE.json`` and ``run-SITE.key``.
    random : Random, optional
        Source of randomness; the system's by default.

    Raises
    ------
    SettingsError
        The study has no arms, the site is unknown or has an allocation, or ``out`` lies in the dataset.
    RecordingError
        The protocol is not frozen, or the disk cannot be written.
    """
    protocol, lock = frozen_protocol(root)
    if protocol.design == "single":
        raise SettingsError("a study with a single arm has nothing to allocate", got=protocol.name)
    chosen = next((one for one in protocol.sites if one.name == site), None)
    if chosen is None:
        raise SettingsError("no such site", got=site, allowed=", ".join(one.name for one in protocol.sites))
    _check_outside(root, out)
    files = WrittenAllocation(out / f"allocation-{site}.json", out / f"run-{site}.key")
    for path in (files.records, files.key, allocation_path(root, site)):
        if path.exists():
            raise SettingsError(
                "this site has an allocation", got=path, todo="a second one would break the first; use the first"
            )
    drawn = _DRAWN.format(site=site)
    earlier = next((one for one in read_changes(root).changes if (one.kind, one.what) == ("study", drawn)), None)
    if earlier is not None:
        raise SettingsError(
            "this site has an allocation",
            got=f"drawn {earlier.at} by {earlier.by}",
            todo="use its files; if they were lost before anybody was enrolled, draw from a new copy of code/study",
        )
    source, key = random or secrets.SystemRandom(), new_key()
    names = [arm.name for arm in protocol.arms]
    strata = {
        stratum: _seal_stratum(
            draw_blocks(names, protocol.block_sizes, chosen.last - chosen.first + 1, source),
            Slot(lock.sha256, site, stratum, 0),
            key,
            source,
        )
        for stratum in stratum_names(protocol.factors)
    }
    allocation = Allocation(protocol_sha256=lock.sha256, site=site, strata=strata)
    with explain_disk_errors(f"{out} cannot be written", todo="choose another folder with --out"):
        make_folder(out)
        write_key(files.key, key)
        write_atomic(files.records, to_json(allocation.model_dump()))
    log_change(root, "study", by=by, what=drawn)
    return files


def _seal_stratum(arms: Sequence[str], slot: Slot, key: bytes, random: Random) -> tuple[str, ...]:
    return tuple(
        seal_record(
            ArmRecord(arm, random.randrange(_MAX_SEED)),
            Slot(slot.protocol_sha256, slot.site, slot.stratum, number),
            key,
        ).hex()
        for number, arm in enumerate(arms)
    )


def install_allocation(root: Path, folder: Path, *, by: str) -> list[str]:
    """Bring the allocations of a folder to this laptop: records into the dataset, run keys beside the settings.

    Returns
    -------
    list of str
        Names of the sites.

    Raises
    ------
    SettingsError
        The dataset or this computer has another allocation or key, or ``folder`` lies in the dataset.
    RecordingError
        There is none, it belongs to another protocol, or the key does not fit.
    """
    protocol, lock = frozen_protocol(root)
    _check_outside(root, folder)
    found = [site.name for site in protocol.sites if (folder / f"allocation-{site.name}.json").exists()]
    if not found:
        raise RecordingError("no allocation of this study was found", got=folder, allowed="allocation-SITE.json")
    for site in found:
        allocation = _read(folder / f"allocation-{site}.json")
        _check_protocol(allocation, lock.sha256, site)
        key = read_key(folder / f"run-{site}.key")
        for stratum in allocation.strata:
            allocation.open_slot(stratum, 0, key)
        target = allocation_path(root, site)
        if target.exists() and _read(target) != allocation:
            raise SettingsError("this site has another allocation", got=target, todo="ask the keeper which is right")
        write_key(key_path(lock.sha256, site), key)
        if not target.exists():
            with explain_disk_errors(f"{target} cannot be written", todo="check the folder"):
                write_atomic(target, to_json(allocation.model_dump()))
            log_change(root, "study", by=by, what=f"allocation installed for site {site}")
    return found


def allocation_path(root: Path, site: str) -> Path:
    """Return the path of a site's sealed records in a dataset."""
    return study_folder(root) / f"allocation-{site}.json"


def read_allocation(root: Path, site: str, protocol_sha256: str) -> Allocation:
    """Return the sealed records of a site.

    Raises
    ------
    RecordingError
        They are missing, damaged, or belong to another protocol.
    """
    path = allocation_path(root, site)
    if not path.exists():
        raise RecordingError(
            f"site {site} has no allocation",
            got=path,
            todo="bring the keeper's files with `neurofeedback study install`",
        )
    allocation = _read(path)
    _check_protocol(allocation, protocol_sha256, site)
    return allocation


def _read(path: Path) -> Allocation:
    try:
        return Allocation.model_validate_json(to_json(read_json(path)))
    except ValidationError:
        raise RecordingError("the allocation is damaged", got=path, todo="restore it from the keeper's copy") from None


def _check_outside(root: Path, folder: Path) -> None:
    if folder.resolve().is_relative_to(root.resolve()):
        raise SettingsError(
            "the folder of the run key lies inside the recordings, where everybody who has them could read it",
            got=folder,
            todo="use a folder outside the recordings",
        )


def _check_protocol(allocation: Allocation, protocol_sha256: str, site: str) -> None:
    if (allocation.protocol_sha256, allocation.site) != (protocol_sha256, site):
        raise RecordingError(
            "the allocation belongs to another protocol or site",
            got=f"site {allocation.site}, protocol {allocation.protocol_sha256[:12]}",
            allowed=f"site {site}, protocol {protocol_sha256[:12]}",
        )
