"""Many recordings: one table, the same from every executor; a bad file is a row, a stopped batch goes on."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from benchmarks.fuzz.seeds import seeds
from neurofeedback.cli.main import app
from neurofeedback.errors import RecordingError, SettingsError
from neurofeedback.study import batch, batch_log
from neurofeedback.study.batch import BatchRequest, run_batch
from neurofeedback.study.batch_log import BatchLog
from neurofeedback.study.jobs import BatchJob, BatchRow, BatchWork, run_job
from tests.helpers import import_recording

N_SESSIONS = 4


def muse(path: Path, seed: int, seconds: int = 40) -> Path:
    """Write a muse-lsl file of noise with an alpha rhythm."""
    rng, n = np.random.default_rng(seed), seconds * 256
    time = np.arange(n) / 256
    data = np.cumsum(rng.normal(0, 3, (4, n)), axis=1)
    data = data - np.array([np.convolve(row, np.ones(256) / 256, "same") for row in data])
    data += 15 * np.sin(2 * np.pi * 10 * time) * (1 + np.sin(2 * np.pi * time / 7))
    rows = "\n".join(
        f"{1.7e9 + t:.6f},{','.join(f'{v:.3f}' for v in values)},0" for t, values in zip(time, data.T, strict=True)
    )
    path.write_text(f"timestamps,TP9,AF7,AF8,TP10,Right AUX\n{rows}\n")
    return path


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Import sessions, the second of them with a timing table nobody can read."""
    folder = tmp_path_factory.mktemp("study")
    root = folder / "recordings"
    made = [
        import_recording(muse(folder / f"{i}.csv", i), root, participant=f"{1 + i % 2:02d}") for i in range(N_SESSIONS)
    ]
    made[1].derived_file("timing.tsv").write_text("kind\nnonsense\n")
    return root


@pytest.fixture(scope="module")
def table(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tables") / "replay.csv"
    result = run_batch(BatchRequest(dataset, out, n_jobs=1))
    assert (result.n_recordings, result.n_already_done, len(result.failures)) == (N_SESSIONS, 0, 1)
    return out


def test_every_recording_is_a_row_and_a_bad_one_has_its_error(table: Path):
    rows = pd.read_csv(table)
    assert list(rows["status"]).count("ok") == N_SESSIONS - 1
    bad = rows[rows["status"] == "failed"].iloc[0]
    assert "line 2 is not a timing row" in bad["error"]
    good = rows[rows["status"] == "ok"]
    assert (good["n_frames"] == 160).all()
    assert good["valid_fraction"].between(0, 1).all()
    assert good["recording"].is_unique


def test_both_cores_give_the_same_table(dataset: Path, table: Path, tmp_path: Path):
    run_batch(BatchRequest(dataset, tmp_path / "two.csv", n_jobs=2))
    assert (tmp_path / "two.csv").read_bytes() == table.read_bytes()


def test_a_dask_cluster_gives_the_same_table(dataset: Path, table: Path, tmp_path: Path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
    ) as cluster:
        run_batch(BatchRequest(dataset, tmp_path / "dask.csv", cluster=cluster.scheduler_address))
    assert (tmp_path / "dask.csv").read_bytes() == table.read_bytes()


def test_missing_cluster_is_an_error(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(batch, "_CONNECT_TIMEOUT_S", 0.1)
    with pytest.raises(SettingsError, match="the cluster does not answer"):
        run_batch(BatchRequest(dataset, tmp_path / "a.csv", cluster="tcp://127.0.0.1:9"))


def test_features_are_medians_over_valid_practice(dataset: Path, tmp_path: Path):
    pytest.importorskip("pyarrow")
    run_batch(BatchRequest(dataset, tmp_path / "features.parquet", BatchWork.FEATURES, n_jobs=1))
    rows = pd.read_parquet(tmp_path / "features.parquet")
    good = rows[rows["status"] == "ok"]
    assert (good["n_valid_frames"] > 0).all()
    assert np.isfinite(good["ln_alpha_posterior"]).all()


def stop_after(n_rows: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a batch be stopped by a person after some rows; return the list of what is then run."""
    ran: list[str] = []

    def counted(job: BatchJob) -> BatchRow:
        if len(ran) == n_rows:
            raise KeyboardInterrupt
        ran.append(job.key)
        return run_job(job)

    monkeypatch.setattr(batch, "run_job", counted)
    return ran


def test_a_stopped_batch_goes_on_where_it_was(dataset: Path, table: Path, tmp_path: Path, monkeypatch):
    request = BatchRequest(dataset, tmp_path / "a.csv", n_jobs=1)
    ran = stop_after(2, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        run_batch(request)
    assert len(ran) == 2
    assert not request.out.exists()
    with (tmp_path / ".a.csv.journal").open("ab") as log:
        log.write(b'not json\n{"job": "x"}\n{"torn')
    again = stop_after(99, monkeypatch)
    result = run_batch(request)
    n_good = sum(pd.read_csv(table)["status"].eq("ok")[:2])
    assert result.n_already_done == n_good
    assert len(again) == N_SESSIONS - n_good
    assert request.out.read_bytes() == table.read_bytes()


def test_a_recording_that_changed_is_done_again(dataset: Path, tmp_path: Path):
    root = shutil.copytree(dataset, tmp_path / "recordings")
    request = BatchRequest(root, tmp_path / "a.csv", n_jobs=1)
    run_batch(request)
    eeg = max(root.glob("sub-*/ses-*/eeg/*.eeg"))
    eeg.write_bytes(eeg.read_bytes()[:-1600])
    assert run_batch(request).n_already_done == N_SESSIONS - 2  # the bad one is tried again, too


def test_other_settings_are_another_batch(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    job = BatchJob("a", str(dataset), BatchWork.REPLAY)
    done = BatchLog(tmp_path / "journal", None)
    done.append(job, BatchRow("a"))
    done.close()
    with closing(BatchLog(tmp_path / "journal", None)) as again:
        assert again.completed_row(job) is not None
        assert again.completed_row(replace(job, profile="fast")) is None
        monkeypatch.setattr(batch_log, "__version__", "99")
        assert again.completed_row(job) is None


def test_a_profile_that_was_edited_is_another_batch(dataset: Path, tmp_path: Path):
    profile = tmp_path / "own.toml"
    profile.write_text('name = "own"\n[phases]\nsettle_s = 2.0\n')
    request = BatchRequest(dataset, tmp_path / "a.csv", profile=str(profile), n_jobs=1)
    run_batch(request)
    assert run_batch(request).n_already_done == N_SESSIONS - 1  # the bad one is tried again
    profile.write_text('name = "own"\n[phases]\nsettle_s = 4.0\n')
    assert run_batch(request).n_already_done == 0


def test_plain_files_and_bids_of_others_are_found_too(tmp_path: Path):
    known = seeds(tmp_path)
    for path in tmp_path.iterdir():
        path.unlink()
    known["edf"].write(tmp_path)
    known["brainflow"].write(tmp_path)
    (tmp_path / "notes.txt").write_text("nothing to read here")
    result = run_batch(BatchRequest(tmp_path, tmp_path / "out" / "a.csv", n_jobs=1))
    assert result.n_recordings == 2
    bids = tmp_path / "bids" / "sub-1" / "eeg"
    bids.mkdir(parents=True)
    (bids / "sub-1_task-rest_eeg.edf").write_bytes(known["edf"].files["signal.edf"])
    assert run_batch(BatchRequest(tmp_path / "bids", tmp_path / "b.csv", n_jobs=1)).n_recordings == 1


@pytest.mark.parametrize(("name", "message"), [("a.xlsx", "the table has no format"), ("a", "the table has no format")])
def test_a_table_of_no_known_format_is_refused_at_once(dataset: Path, tmp_path: Path, name: str, message: str):
    with pytest.raises(SettingsError, match=message):
        run_batch(BatchRequest(dataset, tmp_path / name))


def test_an_unknown_profile_is_refused_at_once(dataset: Path, tmp_path: Path):
    with pytest.raises(SettingsError):
        run_batch(BatchRequest(dataset, tmp_path / "a.csv", profile="no such profile"))


def test_folder_without_recordings_is_an_error(tmp_path: Path):
    with pytest.raises(RecordingError, match="contains no recording"):
        run_batch(BatchRequest(tmp_path, tmp_path / "a.csv"))
    with pytest.raises(RecordingError, match="there is no folder"):
        run_batch(BatchRequest(tmp_path / "nowhere", tmp_path / "a.csv"))


def test_batch_command_prints_failures_and_exits_with_4(dataset: Path, tmp_path: Path):
    out = tmp_path / "a.csv"
    done = CliRunner().invoke(app, ["study", "batch", str(dataset), "--out", str(out), "--jobs", "1", "--json"])
    assert done.exit_code == 4, done.output
    document = json.loads(done.stdout)
    assert document["n_recordings"] == N_SESSIONS
    assert ["not a timing row" in why for why in document["failures"].values()] == [True]
    assert out.exists()


def test_batch_command_interrupted_by_a_person_prints_a_notice(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    stop_after(1, monkeypatch)
    done = CliRunner().invoke(app, ["study", "batch", str(dataset), "--out", str(tmp_path / "a.csv"), "--jobs", "1"])
    assert done.exit_code == 130
    assert "continues from here" in done.output
