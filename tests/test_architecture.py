"""The structure of the package: unique names, rooms of moderate size, pure rooms, typed data, texts in their place."""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from neurofeedback.settings.model import Settings
from tests.helpers import ROOT

PACKAGE = ROOT / "neurofeedback"
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_FOLDER_LINES = 3000
PURE_CONTRACT = "pure rooms know no clock, thread, screen, device, file or network"
PURE_ROOMS = ("processing", "estimation", "feedback", "engine", "simulation")

UNTYPED = re.compile(r"\b(dict|Mapping|MutableMapping)\[str, (object|Any)\]")
ANY_DOCUMENT = {
    "neurofeedback.storage.atomic_files.read_json",
    "neurofeedback.storage.atomic_files.to_json",
    "neurofeedback.storage.atomic_files.write_json_atomic",
    "neurofeedback.recording.session_json.parse_document",
    "neurofeedback.settings.load.parse",
    "neurofeedback.storage.toml_text.parse_toml",
    "neurofeedback.settings.load.read_toml",
    "neurofeedback.settings.renamed_keys.rename_keys",
}
"""Functions that read, write or check a JSON or TOML document of any content."""

TEXTS_WITH_CODE = {
    "situation", "__init__", "catalogue", "format", "languages", "probe_questions", "safe_text", "status",
}  # fmt: skip
"""Modules of texts that hold more than constants: they choose among sentences by the values of ``types``."""

DESCRIPTIONS = {
    "processing/features.py",
    "processing/complexity.py",
    "estimation/metric_registry.py",
    "simulation/ground_truth.py",
}
"""Registries of pure rooms, whose entries describe a feature, a metric or a column."""


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def public_classes(path: Path) -> list[ast.ClassDef]:
    return [node for node in tree(path).body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]


def tool(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][name]


def contract(name: str) -> dict[str, list[str]]:
    (found,) = (one for one in tool("importlinter")["contracts"] if one["name"] == name)
    return found


# Names and sizes


def test_no_public_class_name_is_used_twice() -> None:
    modules = defaultdict(list)
    for path in MODULES:
        for node in public_classes(path):
            modules[node.name].append(dotted(path))
    assert {name: where for name, where in modules.items() if len(where) > 1} == {}


def test_no_folder_is_too_large() -> None:
    lines: Counter[str] = Counter()
    for path in MODULES:
        lines[path.parent.relative_to(ROOT).as_posix()] += len(path.read_text(encoding="utf-8").splitlines())
    assert {folder: n for folder, n in lines.items() if n > MAX_FOLDER_LINES} == {}


# Pure rooms


def test_pure_rooms_are_in_the_contract() -> None:
    assert {f"neurofeedback.{name}" for name in PURE_ROOMS} <= set(contract(PURE_CONTRACT)["source_modules"])


def test_coverage_is_measured_of_all_pure_rooms() -> None:
    assert set(tool("coverage")["run"]["source_pkgs"]) == set(contract(PURE_CONTRACT)["source_modules"])


def test_modules_that_call_themselves_pure_are_in_the_contract() -> None:
    listed = set(contract(PURE_CONTRACT)["source_modules"])
    pure = {dotted(path) for path in MODULES if re.search(r"\bPure\b", ast.get_docstring(tree(path)) or "")}
    missing = {name for name in pure if not any(name == one or name.startswith(f"{one}.") for one in listed)}
    assert len(pure) > 5
    assert missing == set()


def is_programming_error(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in {"ValueError", "TypeError", "RuntimeError"}


def sentences(path: Path) -> Iterator[str]:
    """Yield strings of three words or more that are no docstring and no message of a programming error."""
    skipped: set[int] = set()
    for node in ast.walk(tree(path)):
        if is_programming_error(node) or isinstance(node, ast.Expr):
            skipped |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree(path)):
        if id(node) in skipped or not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if len(node.value.split()) > 2:
            yield f"{path.relative_to(PACKAGE).as_posix()}:{node.lineno}: {node.value}"


def pure_modules() -> list[Path]:
    return [path for path in MODULES if room(dotted(path)) in PURE_ROOMS]


def test_pure_rooms_hold_no_sentence_a_person_reads() -> None:
    found = [
        text
        for path in pure_modules()
        if path.relative_to(PACKAGE).as_posix() not in DESCRIPTIONS
        for text in sentences(path)
    ]
    assert found == []


# Typed data


def annotations(function: ast.FunctionDef) -> list[str]:
    arguments = function.args
    several = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    found = [one.annotation for one in several if one is not None]
    return [ast.unparse(one) for one in (*found, function.returns) if one is not None]


def untyped_members(body: list[ast.stmt], *, of_class: bool = False) -> Iterator[str]:
    """Yield the public functions, methods and fields of a body whose signature holds untyped data."""
    for node in body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            if UNTYPED.search(" ".join(annotations(node))):
                yield node.name
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from (f"{node.name}.{name}" for name in untyped_members(node.body, of_class=True))
        elif of_class and isinstance(node, ast.AnnAssign) and UNTYPED.search(ast.unparse(node.annotation)):
            yield ast.unparse(node.target)


def names_used_by_other_rooms() -> set[str]:
    used = set()
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("neurofeedback."):
                module = node.module or ""
                if room(module) != room(dotted(path)):
                    used |= {f"{module}.{alias.name}" for alias in node.names}
    return used


def untyped_between_rooms() -> set[str]:
    used = names_used_by_other_rooms()
    found = {(dotted(path), member) for path in MODULES for member in untyped_members(tree(path).body)}
    return {f"{module}.{member}" for module, member in found if f"{module}.{member.partition('.')[0]}" in used}


def test_data_between_rooms_is_typed() -> None:
    assert untyped_between_rooms() - ANY_DOCUMENT == set()


def test_untyped_signature_is_found() -> None:
    code = "class A:\n    x: dict[str, Any]\n    def f(self) -> Mapping[str, object]: ...\ndef g(*, y: int): ...\n"
    assert list(untyped_members(ast.parse(code).body)) == ["A.x", "A.f"]


# Texts


def is_constant(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return bool(targets) and all(re.fullmatch(r"_?[A-Z][A-Z0-9_]*", ast.unparse(target)) for target in targets)


def is_allowed_import(node: ast.stmt) -> bool:
    if not isinstance(node, ast.ImportFrom):
        return False
    return node.module in {"__future__", "collections.abc", "typing"} or (node.module or "").startswith(
        "neurofeedback.texts"
    )


@pytest.mark.parametrize("path", sorted((PACKAGE / "texts").rglob("*.py")), ids=lambda path: path.stem)
def test_texts_are_constants_that_import_only_texts(path: Path) -> None:
    imports = [node for node in tree(path).body if isinstance(node, ast.Import | ast.ImportFrom)]
    foreign = [node for node in imports if (getattr(node, "module", "") or "").startswith("neurofeedback.")]
    outside = [ast.unparse(node) for node in foreign if not is_allowed_import(node)]
    allowed = ("from neurofeedback.types ", "from neurofeedback.errors ") if path.stem in TEXTS_WITH_CODE else ()
    assert [line for line in outside if not line.startswith(allowed)] == []
    if path.stem not in TEXTS_WITH_CODE:
        assert [ast.unparse(node) for node in imports if not is_allowed_import(node)] == []
        code = [node for node in tree(path).body if node not in imports and not is_constant(node)]
        assert [ast.unparse(node).splitlines()[0] for node in code] == []


# The drawing and the pages


def script() -> dict[str, object]:
    return runpy.run_path(str(ROOT / "scripts" / "architecture"))


@pytest.mark.parametrize("name", ["architecture", "api-reference"])
def test_generated_page_is_up_to_date(name: str) -> None:
    """The drawing and table of rooms agree with the contract, the API reference with the docstrings."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / name, "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_drawing_shows_every_room_of_the_package() -> None:
    names = script()
    rooms = {room(dotted(path)) for path in MODULES} - {"", "__main__", "_version"}
    assert set(names["ROOMS"]) == rooms  # type: ignore[call-overload]
    drawing = (ROOT / "docs" / "images" / "architecture.svg").read_text(encoding="utf-8")
    assert set(re.findall(r'font-weight="600" fill="#1f2933">(\w+)<', drawing)) == rooms


def test_readme_shows_the_drawing() -> None:
    assert "docs/images/architecture.svg" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_index_of_decisions_is_complete() -> None:
    """Each page has a title, a date and a status, and the index lists each with its title."""
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| \d+ \| \[(.+)\]\((\d{4}-.+\.md)\) \|", index, flags=re.MULTILINE))
    titles = {}
    for path in sorted(folder.glob("[0-9]*.md")):
        title, status = path.read_text(encoding="utf-8").splitlines()[0:3:2]
        assert re.fullmatch(r"Status: (accepted|superseded by \[.+\]\(.+\)), 20\d\d-\d\d-\d\d", status), path.name
        titles[title.removeprefix("# ")] = path.name
    assert listed == titles


def test_glossary_is_in_alphabetical_order() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^- \*\*(.+?)\*\*", text, flags=re.MULTILINE)
    assert len(words) > 40
    assert words == sorted(words, key=str.casefold)


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))]
    local = [(page, link) for page, link in links if "://" not in link]
    assert len(local) > 50
    assert [(page.name, link) for page, link in local if not (page.parent / link).exists()] == []


def test_pages_name_modules_that_exist() -> None:
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    pattern = r"`([a-z_]+(?:/[a-z_]+)+\.(?:py|toml|html))`"
    named = [(page, name) for page in pages for name in re.findall(pattern, page.read_text(encoding="utf-8"))]
    assert len(named) > 20
    missing = [(page.name, name) for page, name in named if not any((top / name).exists() for top in (ROOT, PACKAGE))]
    assert missing == []


def test_pages_name_settings_that_exist() -> None:
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    sections = {name: field.annotation for name, field in Settings.model_fields.items()}
    pattern = r"`([a-z_]+)\.([a-z_0-9]+)`"
    named = [
        (page.name, section, key)
        for page in pages
        if page.name != "upgrading.md"  # names the old ones, too
        for section, key in re.findall(pattern, page.read_text(encoding="utf-8"))
        if section in sections
    ]
    assert len(named) > 5
    assert [one for one in named if one[2] not in getattr(sections[one[1]], "model_fields", {})] == []
