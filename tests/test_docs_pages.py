"""The documentation: links, tables of contents, and command lines that the program has."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from click import Command
from typer.core import TyperGroup

from neurofeedback.cli.main import app
from neurofeedback.settings.model import Settings
from tests.helpers import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
TOP = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md")]
ALL = [*PAGES, *sorted(DOCS.glob("decisions/*.md")), *TOP, *sorted((ROOT / ".github").rglob("*.md"))]
COMMAND = re.compile(r"(?:\./scripts/run|neurofeedback)(?=\s|$)(?P<rest>.*)")
PROGRAM = typer.main.get_command(app)

pytestmark = pytest.mark.skipif(not DOCS.is_dir(), reason="not in a checkout")


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub and the documentation make them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ +(.*?) *$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> Iterator[str]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            yield target


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    assert list(broken_links(page)) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text("# One thing, two\n\n[a](#one-thing-two) [b](a.md#one) [c](b.md) [d](https://example.org)\n")
    assert list(broken_links(page)) == ["a.md#one", "b.md"]


def test_tables_of_contents_list_pages_that_exist_once() -> None:
    listed: list[str] = []
    for page in PAGES:
        for block in re.findall(r"```\{toctree}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            listed += [line for line in block.splitlines() if line and not line.startswith(":")]
    assert [name for name in listed if not (DOCS / f"{name}.md").exists()] == []
    assert sorted(listed) == sorted(set(listed))


def command_lines(text: str) -> Iterator[str]:
    """Yield the command lines in code blocks and in code within a line, without the program's name."""
    fenced = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
    text = text.replace("\\\n", " ")
    lines = [line for block in fenced.findall(text) for line in block.splitlines()]
    text = fenced.sub("", text)
    lines += re.findall(r"^    (\S.*)$", text, re.MULTILINE)
    lines += [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", text)]
    for line in lines:
        for part in line.split("  #")[0].split(" -- "):  # another program's may follow, such as one of ours
            match = COMMAND.match(part.strip())
            if match:
                yield match["rest"]


def unknown_words(rest: str) -> Iterator[str]:
    """Yield the commands and options of a command line that the program does not have."""
    words = shlex.split(rest.replace("|", " | ").replace("[", " ").replace("]", " "), comments=True)
    command = PROGRAM
    for word in words:
        options = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"--help"}
        if word.startswith("-"):
            if word.split("=")[0] not in options:
                yield word
        elif isinstance(command, TyperGroup) and re.fullmatch(r"[a-z][a-z-]*", word):
            if word not in command.commands:
                yield word
                return
            command = command.commands[word]


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_every_command_line_is_one_that_the_program_has(page: Path) -> None:
    lines = command_lines(page.read_text(encoding="utf-8"))
    assert {line: found for line in lines if (found := list(unknown_words(line)))} == {}


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("`neurofeedback train --minutes 2`", []),
        ("`neurofeedback trian`", ["trian"]),
        ("`neurofeedback decoder shwo`", ["shwo"]),
        ("```\n./scripts/run train --minuts 2   # a comment\n```", ["--minuts"]),
        ("```\nneurofeedback emulate muse -- neurofeedback train --devise x\n```", ["--devise"]),
        ("the neurofeedback you hear", []),
    ],
)
def test_a_wrong_command_line_is_found(text: str, unknown: list[str]) -> None:
    assert [word for line in command_lines(text) for word in unknown_words(line)] == unknown


OTHER_PROGRAMS = {"--constraint", "--dist"}
"""Options of uv and of pytest-xdist."""


def options_of(command: Command) -> set[str]:
    own = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    inner = command.commands.values() if isinstance(command, TyperGroup) else ()
    return own.union({"--help"}, *map(options_of, inner))


def script_texts() -> str:
    """Return the text of the scripts and benchmarks, which have options of their own."""
    paths = [path for name in ("scripts", "benchmarks", "docs/examples") for path in (ROOT / name).rglob("*")]
    return "\n".join(
        path.read_text(encoding="utf-8") for path in paths if path.is_file() and path.suffix in {"", ".py"}
    )


def test_every_option_on_its_own_is_one_that_exists() -> None:
    known, scripts = options_of(PROGRAM) | OTHER_PROGRAMS, script_texts()
    wrong = []
    for page in ALL:
        for code in re.findall(r"`(--[a-z][^`\n]*)`", page.read_text(encoding="utf-8")):
            names = re.findall(r"(?<!\S)--[a-z][\w-]*", code)
            wrong += [f"{page.name}: {name}" for name in names if name not in known and name not in scripts]
    assert wrong == []


def test_every_setting_is_one_that_exists() -> None:
    """A page that names a former name of a setting is about that: the changelog, and how to upgrade."""
    sections = {name: field.annotation for name, field in Settings.model_fields.items()}
    wrong = []
    for page in set(ALL) - {ROOT / "CHANGELOG.md", DOCS / "upgrading.md"}:
        for section, key in re.findall(r"`([a-z]+)\.([a-z_]+)\b", page.read_text(encoding="utf-8")):
            keys = getattr(sections.get(section), "model_fields", None)
            if keys is not None and key not in keys:
                wrong.append(f"{page.name}: {section}.{key}")
    assert wrong == []


def test_the_pages_name_every_command() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in ALL)
    assert isinstance(PROGRAM, TyperGroup)
    public = [name for name, command in PROGRAM.commands.items() if not command.hidden]
    assert [name for name in public if not re.search(rf"(neurofeedback|scripts/run) {name}\b|`{name}\b", text)] == []
