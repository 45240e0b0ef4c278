"""The locks of scripts/lock: they hold what pyproject.toml asks for, with hashes and without addresses."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.helpers import ROOT

LOCKS = {
    "requirements.lock": ("emulators", "lsl", "osc"),
    "requirements-dev.lock": ("emulators", "lsl", "osc", "cluster", "parquet"),
}
OUT_OF_DATE = "scripts/lock brings the locks up to date"

pytestmark = pytest.mark.skipif(not (ROOT / "requirements.lock").exists(), reason="not in a checkout")


def locked(name: str) -> list[tuple[Requirement, list[str]]]:
    """Return the entries of a lock, each with its hashes."""
    text = re.sub(r"^#.*\n", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", "")
    return [(Requirement(line.split("--hash")[0]), line.split("--hash=")[1:]) for line in text.splitlines()]


def wanted(extras: tuple[str, ...], group: str | None) -> Iterator[Requirement]:
    """Yield the requirements of the package, of some extras and of a dependency group."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    lines = [*project["project"]["dependencies"]]
    for extra in extras:
        lines += project["project"]["optional-dependencies"][extra]
    pending = list(groups[group]) if group else []
    for entry in pending:
        if isinstance(entry, dict):
            pending += groups[entry["include-group"]]
        else:
            lines.append(entry)
    yield from map(Requirement, lines)


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_locked_at_a_version_that_it_permits(name: str) -> None:
    versions = defaultdict(list)
    for pin, _ in locked(name):
        versions[canonicalize_name(pin.name)].append(str(pin.specifier).removeprefix("=="))
    for requirement in wanted(LOCKS[name], "dev" if "dev" in name else None):
        found = versions[canonicalize_name(requirement.name)]
        assert found, f"{requirement}: {OUT_OF_DATE}"
        assert all(requirement.specifier.contains(version) for version in found), f"{requirement}: {OUT_OF_DATE}"


@pytest.mark.parametrize("name", LOCKS)
def test_every_entry_has_one_version_and_hashes_and_no_address(name: str) -> None:
    assert "://" not in (ROOT / name).read_text(encoding="utf-8")
    for pin, hashes in locked(name):
        assert re.fullmatch(r"==[^,*]+", str(pin.specifier)), pin
        assert pin.url is None
        assert hashes, pin
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}\s*", one) for one in hashes), pin


def test_pythons_of_the_locks_are_those_of_the_metadata() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stated = [name.rsplit(" ", 1)[1] for name in project["classifiers"] if re.search(r"Python :: 3\.", name)]
    assert project["requires-python"] == f">={stated[0]}"
    for name in LOCKS:
        header = f"# Written by scripts/lock. Versions of Python it was made for:\n# Python {' '.join(stated)}\n"
        assert header in (ROOT / name).read_text(encoding="utf-8"), OUT_OF_DATE


def test_the_table_lists_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([\w.-]+)` \| \S", page, re.MULTILINE)
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    assert sorted(listed) == sorted(Requirement(line).name.lower() for line in lines), "run scripts/dependencies"
    assert "://" not in page


def test_both_locks_agree() -> None:
    small, large = ({str(pin) for pin, _ in locked(name)} for name in LOCKS)
    assert small <= large, OUT_OF_DATE
