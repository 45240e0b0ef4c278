"""The public API: what ``import neurofeedback as nf`` offers a notebook."""

from __future__ import annotations

import inspect
import math
import shutil
import subprocess
import sys
import tomllib
from functools import cache, partial
from importlib import resources
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import pytest

import neurofeedback as nf
from neurofeedback import api
from neurofeedback.errors import RecordingError, SettingsError, SourceError
from neurofeedback.formats.mne_conversion import read_frame_table
from neurofeedback.formats.reader import open_recording
from neurofeedback.settings.load import load_settings, resolve
from neurofeedback.types import Chunk, StreamInfo
from tests.helpers import ROOT

DATASET = ROOT / "tests" / "data" / "v0_1_0" / "dataset"
SESSION = DATASET / "sub-P1" / "ses-20261129T021801"
STREAM = StreamInfo("my amplifier", 256.0, ("TP9", "AF7", "AF8", "TP10"), montage="muse")
NOTEBOOK = """
import neurofeedback as nf

with nf.open_source("simulated:3") as source:                # context manager, iterable, .info is an mne.Info
    engine = nf.Engine(source.stream, profile="default")
    engine.start_phase("baseline")
    for chunk in source:
        for frame in engine.process(chunk):                  # also a plain (n_channels, n_samples) array in uV
            print(frame.onset, frame.index_u, frame["alpha_posterior"])

raw, frames = nf.read_session("recordings/sub-01/ses-...")   # mne.io.Raw, DataFrame
frames = nf.replay("recordings/sub-01/ses-...", profile="fast")
result = nf.verify("recordings/sub-01/ses-...")
"""


@cache
def recorded_uv() -> np.ndarray:
    raw, _ = nf.read_session(SESSION)
    return 1e6 * raw.get_data()


def eeg_uv(seconds: float, start_s: float = 0.0) -> np.ndarray:
    """Return a copy of some seconds of recorded EEG, shape (4, n_samples)."""
    return recorded_uv()[:, round(256 * start_s) : round(256 * (start_s + seconds))].copy()


def simulated(seconds: float = 6.0) -> api.LiveSource:
    return nf.open_source("simulated:3", duration_s=seconds, real_time=False)


def values(frames: list[api.NamedFrame]) -> np.ndarray:
    return np.array([frame.values for frame in frames])


# The notebook


def test_notebook_snippet_runs_as_documented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(DATASET, tmp_path / "recordings")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(nf, "open_source", partial(nf.open_source, duration_s=6.0, real_time=False))
    names: dict[str, object] = {}
    exec(NOTEBOOK.replace("sub-01/ses-...", f"{SESSION.parent.name}/{SESSION.name}"), names)  # noqa: S102
    rows = [tuple(map(float, line.split())) for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows[:3]] == [0.25, 0.5, 0.75]
    assert all(math.isnan(row[1]) for row in rows)  # no index before there is a baseline
    assert -10 < rows[-1][2] < 10
    assert isinstance(names["raw"], mne.io.BaseRaw)
    assert isinstance(names["frames"], pd.DataFrame)


def test_import_offers_every_public_name_and_loads_nothing_heavy() -> None:
    code = "import sys, neurofeedback as nf; print(sorted(set(dir(nf)) & set(nf.__all__))); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    offered, modules = done.stdout.splitlines()
    assert offered == str(sorted(nf.__all__))
    assert not {"numpy", "pydantic", "mne", "neurofeedback.api"} & set(modules.split())


def test_unknown_name_of_the_package_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'opensource'"):
        nf.opensource  # noqa: B018


def test_package_is_typed_and_its_version_is_that_of_the_project() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = settings["project"]
    assert project["dynamic"] == ["version"]
    stated = (ROOT / settings["tool"]["hatch"]["version"]["path"]).read_text(encoding="utf-8")
    assert f'"{nf.__version__}"' in stated
    assert (resources.files("neurofeedback") / "py.typed").is_file()


@pytest.mark.parametrize("name", sorted(set(nf.__all__) - {"__version__", "StreamInfo"}))
def test_public_docstring_has_an_example(name: str) -> None:
    text = inspect.getdoc(getattr(nf, name)) or ""
    assert "Parameters\n----------" in text
    assert "Raises\n------" in text
    assert "Examples\n--------" in text
    assert ">>> " in text


# Sources


def test_source_delivers_chunks_without_hole_until_its_end() -> None:
    with simulated(3.0) as source:
        chunks = list(source)
    assert [chunk.first_sample for chunk in chunks] == [0, *(chunk.stop for chunk in chunks[:-1])]
    assert 600 < chunks[-1].stop <= 768


def test_source_info_names_channels_and_rate_for_mne() -> None:
    with simulated() as source:
        info = source.info
    assert isinstance(info, mne.Info)
    assert (info["ch_names"], info["sfreq"]) == (["TP9", "AF7", "AF8", "TP10"], 256.0)
    assert info.get_montage() is not None


def test_source_that_is_not_open_is_an_error_with_a_remedy() -> None:
    with pytest.raises(SourceError, match=r"not open: use it as in .with nf\.open_source"):
        next(iter(simulated()))


def test_source_is_closed_when_the_block_fails() -> None:
    source = simulated()
    with pytest.raises(ZeroDivisionError), source:
        _ = 1 / 0
    with pytest.raises(SourceError):
        next(iter(source))


def test_recording_is_played_back_faster_than_real_time() -> None:
    with nf.open_source(f"playback:{SESSION}", real_time=False) as source:
        assert sum(chunk.n_samples for chunk in source) == 9216


@pytest.mark.parametrize(
    ("device", "options", "message"),
    [
        ("simulatd:3", {}, "got 'simulatd:3'; allowed: .*did you mean simulated"),
        ("muse-2", {"real_time": False}, "got 'muse-2'; allowed: simulated and playback"),
    ],
)
def test_wrong_device_is_an_error_that_lists_the_allowed(device: str, options: dict[str, bool], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        nf.open_source(device, **options)


# The engine


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16])
def test_engine_accepts_arrays_of_any_real_type(dtype: type) -> None:
    data = eeg_uv(5.0).astype(dtype)
    of_array = nf.Engine(STREAM).process(data)
    of_chunk = nf.Engine(STREAM).process(Chunk(0, data.astype(np.float32)))
    assert len(of_array) == 20
    np.testing.assert_array_equal(values(of_array), values(of_chunk))
    assert np.isfinite(values(of_array)[-1]).any()


def test_engine_makes_the_same_frames_however_arrays_are_cut() -> None:
    data = eeg_uv(6.0)
    data[:, 300:340] = np.nan
    whole, cut = nf.Engine(STREAM), nf.Engine(STREAM)
    for engine in (whole, cut):
        engine.start_phase("baseline")
    pieces = [frame for piece in np.split(data, [1, 7, 500, 900], axis=1) for frame in cut.process(piece)]
    frames = whole.process(data)
    np.testing.assert_allclose(values(frames), values(pieces), rtol=1e-9)
    assert [frame.signal for frame in frames] == [frame.signal for frame in pieces]


def test_engine_does_not_change_the_array_it_is_given() -> None:
    data = eeg_uv(1.0).astype(np.float32)
    data[0, 10] = np.inf
    before = data.copy()
    nf.Engine(STREAM).process(data)
    np.testing.assert_array_equal(data, before)


def test_phase_starts_with_the_next_samples() -> None:
    engine = nf.Engine(STREAM)
    settling = engine.process(eeg_uv(1.0))
    engine.start_phase("practice")
    practising = engine.process(eeg_uv(1.0, start_s=1.0))
    assert {frame.phase.value for frame in settling} == {"settle"}
    assert [frame.phase.value for frame in practising[1:]] == ["practice"] * 3
    assert engine.phase == "practice"


def test_frame_values_are_found_by_feature_and_by_column() -> None:
    frame = nf.Engine(STREAM).process(eeg_uv(5.0))[-1]
    assert frame["alpha_posterior"] == frame["ln_alpha_posterior"]
    assert frame["alpha_posterior"] == frame.values[frame.columns.index("ln_alpha_posterior")]
    assert math.isfinite(frame["alpha_posterior"])
    assert [frame[name] for name in frame.columns] == pytest.approx(list(frame.values), nan_ok=True)


def test_unknown_value_of_a_frame_lists_those_there_are() -> None:
    frame = nf.Engine(STREAM).process(eeg_uv(1.0))[-1]
    with pytest.raises(KeyError, match=r"got 'gamma'; allowed: .*ln_alpha_posterior"):
        frame["gamma"]


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((512, 4)), r"shape \(512, 4\); allowed: \(4, n_samples\).*TP9, AF7, AF8, TP10; transpose"),
        (np.zeros((3, 512)), r"shape \(3, 512\); allowed: \(4, n_samples\).*one row for each channel"),
        (np.zeros(512), r"shape \(512,\); allowed: \(4, n_samples\)"),
        (np.zeros((4, 2), complex), "dtype complex128; allowed: numbers in uV"),
        (np.array([["a"], ["b"], ["c"], ["d"]]), "dtype <U1; allowed: numbers in uV"),
        (Chunk(0, np.zeros((2, 10), np.float32)), r"shape \(2, 10\); allowed: \(4, n_samples\)"),
    ],
)
def test_wrong_samples_are_an_error_with_got_and_allowed(samples: np.ndarray | Chunk, message: str) -> None:
    engine = nf.Engine(STREAM)
    with pytest.raises(SettingsError, match=message):
        engine.process(samples)
    assert len(engine.process(eeg_uv(1.0))) == 4  # the engine can go on


@pytest.mark.parametrize("phase", ["basline", "pause", ""])
def test_unknown_phase_is_an_error_that_lists_the_phases(phase: str) -> None:
    with pytest.raises(SettingsError, match=f"got '{phase}'; allowed: settle, baseline, practice"):
        nf.Engine(STREAM).start_phase(phase)


def test_profile_is_a_name_a_path_settings_or_resolved(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[spectrum]\nhop_s = 0.5\n", encoding="utf-8")
    settings = load_settings(str(path))
    _, resolved = resolve(settings, STREAM)
    counts = [len(nf.Engine(STREAM, profile).process(eeg_uv(4.0))) for profile in (str(path), path, settings, resolved)]
    assert counts == [8, 8, 8, 8]


def test_unknown_profile_is_an_error_that_lists_the_profiles() -> None:
    with pytest.raises(SettingsError, match=r"got 'defualt'; allowed: .*default, fast.*did you mean default"):
        nf.Engine(STREAM, "defualt")


def test_profile_of_other_channels_is_refused() -> None:
    _, profile = resolve(load_settings(), STREAM)
    other = StreamInfo("other", 256.0, ("Fz", "Cz", "Pz", "Oz"))
    with pytest.raises(SettingsError, match="got Fz, Cz, Pz, Oz; allowed: TP9, AF7, AF8, TP10"):
        nf.Engine(other, profile)


# Recordings


@pytest.mark.parametrize("kind", [str, Path])
def test_replay_reproduces_the_frame_log(kind: type) -> None:
    log = open_recording(SESSION).frames_path
    assert log is not None
    frames, logged = nf.replay(kind(SESSION)), read_frame_table(log)
    pd.testing.assert_frame_equal(frames.drop(columns="latency_ms"), logged.drop(columns="latency_ms"))


def test_replay_with_another_profile_has_its_hop() -> None:
    frames = nf.replay(SESSION, profile="fast")
    assert np.diff(frames["onset"]) == pytest.approx(load_settings("fast").spectrum.hop_s, abs=1 / 256)


@pytest.mark.parametrize("read", [nf.read_session, nf.replay, nf.verify])
def test_missing_recording_is_named(read: object, tmp_path: Path) -> None:
    assert callable(read)
    with pytest.raises(RecordingError, match=r"no recording at .*nothing-here"):
        read(str(tmp_path / "nothing-here"))


def test_verify_checks_every_item() -> None:
    result = nf.verify(str(SESSION))
    assert result.status == "ok"
    assert {"samples", "rate", "drift", "gaps", "loss", "duplicates", "frames"} <= {
        check.item for check in result.results
    }


def test_probes_are_rows_with_answers_and_the_window_before_the_chime():
    table = nf.probes(SESSION)
    assert table["where"].tolist() == ["breath", "breath", "elsewhere"]
    assert table["sample"].tolist() == [4548, 6216, 7752]
    np.testing.assert_allclose(table["onset"] - table["window_start"], 10.0)
    np.testing.assert_allclose(table["onset"] - table["window_stop"], 1.0)
    assert (table["answered"] > table["onset"]).all()
    assert nf.probes(DATASET.parent / "muse-lsl.csv").empty
