"""Whatever is in a file: it is read as it says it is, or refused in one line. ``scripts/fuzz`` goes on for longer."""

from __future__ import annotations

import logging
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzz import run
from benchmarks.fuzz.check import imports_or_leaves_nothing, opens_or_refuses
from benchmarks.fuzz.mutate import damaged
from benchmarks.fuzz.seeds import Seed, seeds

KINDS = (
    "edf", "bdf", "fif", "own csv", "brainvision", "eeglab", "xdf", "muse-lsl", "mind monitor", "openbci",
    "openbci old", "sd card", "sd converted", "brainflow",
)  # fmt: skip


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seed]:
    return seeds(tmp_path_factory.mktemp("seeds"))


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


def test_every_seed_is_fuzzed(known: dict[str, Seed]):
    assert set(known) == set(KINDS)


@settings(max_examples=40)
@given(kind=st.sampled_from(KINDS), number=st.integers(0, 2**32), which=st.integers(0, 2))
def test_a_damaged_file_is_read_or_refused_in_one_line(known: dict[str, Seed], kind: str, number: int, which: int):
    seed = known[kind]
    name = list(seed.files)[which % len(seed.files)]
    changed = Seed(
        {**seed.files, name: damaged(seed.files[name], random.Random(number), known["edf"].files["signal.edf"])}
    )
    with tempfile.TemporaryDirectory() as folder:
        opens_or_refuses(changed.write(Path(folder)))


@settings(max_examples=12)
@given(kind=st.sampled_from(KINDS), number=st.integers(0, 2**32))
def test_importing_a_damaged_file_leaves_a_whole_session_or_nothing(known: dict[str, Seed], kind: str, number: int):
    ((name, content), *_) = known[kind].files.items()
    changed = Seed({**known[kind].files, name: damaged(content, random.Random(number))})
    with tempfile.TemporaryDirectory() as folder:
        imports_or_leaves_nothing(changed.write(Path(folder)), Path(folder, "recordings"))


@settings(max_examples=30)
@given(
    content=st.binary(max_size=300), name=st.sampled_from(["a.edf", "a.vhdr", "a_raw.fif", "a.csv", "a.set", "a.xdf"])
)
def test_bytes_under_any_name_are_refused_in_one_line(content: bytes, name: str):
    with tempfile.TemporaryDirectory() as folder:
        opens_or_refuses(Seed({name: content}).write(Path(folder)))


@pytest.mark.parametrize("n_slow", [1, 2])
def test_file_that_takes_too_long_twice_is_a_finding(monkeypatch: pytest.MonkeyPatch, n_slow: int) -> None:
    """Once may be due to a busy machine."""
    seed, slow = Seed({"a.csv": b"1,2\n"}), iter([True] * n_slow)

    def opens(_: Path) -> bool:
        if next(slow, False):
            raise run.TooLongError
        return True

    monkeypatch.setattr(run, "opens_or_refuses", opens)
    if n_slow == 1:
        run._once(seed, seed, random.Random(1), importing=False)
        return
    with pytest.raises(run.CrashError):
        run._once(seed, seed, random.Random(1), importing=False)
