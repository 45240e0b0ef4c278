"""How a session that did not end in order is completed from what is on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from neurofeedback.errors import RecordingError
from neurofeedback.recording import brainvision, physio
from neurofeedback.recording.bids import SessionFiles
from neurofeedback.recording.events import in_order
from neurofeedback.recording.files import cut_torn_line, cut_torn_sample, rewrite, rewrite_json, whole_lines
from neurofeedback.recording.header import Start, read_start
from neurofeedback.recording.lost import clip, count_lost
from neurofeedback.recording.sidecars import complete_sidecar
from neurofeedback.recording.timing import read_timing
from neurofeedback.types import EventKind, LostRun, Phase

_NOT_TOLD = dict.fromkeys(
    ("reconnects", "duration_s", "valid_fraction", "reward_rate", "iaf_hz", "audio_underruns", "probes", "versions")
)


def complete(files: SessionFiles, known: Mapping[str, object] | None = None) -> None:
    """Cut torn tails, and write what an orderly end would have written, with ``finished`` false.

    Parameters
    ----------
    known : mapping, optional
        Entries of ``summary.json`` that the files do not tell.

    Raises
    ------
    RecordingError
        A file of the session is missing or not what this program writes.
    OSError
        The disk does not let it be completed; it can be tried again.
    """
    known = known or {}
    start = read_start(files.computed("start.json"))
    n_samples = cut_torn_sample(files.eeg("eeg.eeg"), 4 * start.stream.n_channels)
    for path in (files.eeg("events.tsv"), files.computed("timing.tsv"), files.frames):
        cut_torn_line(path)
    in_order(files.eeg("events.tsv"))
    for draft in (*files.eeg("").parent.glob(".*.draft"), *files.derived.glob(".*.draft")):
        draft.unlink()
    physio.finish(files)
    _, lost = read_timing(files.computed("timing.tsv"))
    lost = clip(lost, 0, n_samples)
    rewrite(files.eeg("eeg.vmrk"), _markers(files, start, lost))
    complete_sidecar(files, n_samples / start.stream.sfreq, known.get("mains_hz"))
    told = {key: value for key, value in _summary(files, start, n_samples, lost).items() if value is not None}
    rewrite_json(files.computed("summary.json"), {**_NOT_TOLD, **known, **told, "finished": False})


def _markers(files: SessionFiles, start: Start, lost: Iterable[LostRun]) -> str:
    return brainvision.markers(files.stem, start.started) + "".join(brainvision.gap_markers(lost, 2))


def _summary(files: SessionFiles, start: Start, n_samples: int, lost: tuple[LostRun, ...]) -> dict[str, object]:
    """Say what the files tell."""
    reads, _ = read_timing(files.computed("timing.tsv"))
    host_s = reads[-1].host_time - reads[0].host_time + reads[0].n_samples / start.stream.sfreq if reads else None
    return {
        "device": start.stream.device,
        "sfreq": start.stream.sfreq,
        "n_samples": n_samples,
        "n_lost": count_lost(lost),
        "n_gaps": len(lost),
        "duration_s": host_s,
        **_frame_figures(files.frames),
        **_event_figures(files.eeg("events.tsv")),
        "versions": start.start.get("versions"),
    }


def _frame_figures(path: Path) -> dict[str, object]:
    try:
        return _counted([line.split("\t") for line in whole_lines(path)])
    except (KeyError, ValueError) as error:
        raise RecordingError(
            f"{path} is no frame log", got=repr(error), todo="remove it; the session is then completed without it"
        ) from None


def _counted(lines: list[list[str]]) -> dict[str, object]:
    names, *rows = lines or [[]]
    table = [dict(zip(names, row, strict=False)) for row in rows]
    counted = [row for row in table if row.get("phase") != Phase.PAUSE]
    valid = [row for row in counted if row.get("valid") == "1"]
    practice = [row for row in valid if row.get("phase") == Phase.PRACTICE]
    hop_s = float(table[-1]["onset"]) / len(table) if table else 0.0
    frames_in = Counter(row.get("phase", "") for row in table)
    latency = [float(row["latency_ms"]) for row in table if row.get("latency_ms", "n/a") != "n/a"]
    return {
        "n_frames": len(table),
        "phases": {phase: round(n_frames * hop_s, 3) for phase, n_frames in frames_in.items()},
        "valid_fraction": len(valid) / len(counted) if counted else None,
        "reward_rate": sum(row.get("reward") == "1" for row in practice) / len(practice) if practice else None,
        "latency_ms": _percentiles(latency),
    }


def _event_figures(path: Path) -> dict[str, object]:
    kinds = Counter(cell for line in whole_lines(path) for cell in line.split("\t")[3:4])
    return {"probes": kinds[EventKind.PROBE], "presses": kinds[EventKind.PRESS]}


def _percentiles(values: list[float]) -> dict[str, float | None]:
    ranked = sorted(values)
    at = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return {name: ranked[round(q * (len(ranked) - 1))] if ranked else None for name, q in at.items()}
