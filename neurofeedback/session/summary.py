"""The summary of a session: ``summary.json`` besides what the writer itself counts."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterable
from importlib import metadata
from typing import TYPE_CHECKING

import numpy as np

from neurofeedback._version import __version__
from neurofeedback.audio.null_sink import NullSink
from neurofeedback.recording.session_json import LatencyPercentiles, SessionSummary
from neurofeedback.session.baseline_store import baseline_summary
from neurofeedback.types import Frame, Phase

if TYPE_CHECKING:  # the runner imports this module
    from neurofeedback.session.runner import Runner
    from neurofeedback.session.session_context import SessionContext

_PACKAGES = ("brainflow", "mne", "numpy", "scipy", "miniaudio", "PyQt6")


class FrameCounts:
    """Counts frames by phase and validity; a pause adds only to its length."""

    def __init__(self) -> None:
        self._phases: dict[Phase, int] = {}
        self._n_valid = 0
        self._n_frames = 0
        self._n_rewarded = 0
        self._n_rewardable = 0
        self._latency_ms: list[float] = []

    def process_frames(self, frames: Iterable[Frame]) -> None:
        """Count frames."""
        for frame in frames:
            self._phases[frame.phase] = self._phases.get(frame.phase, 0) + 1
            if frame.phase is Phase.PAUSE:
                continue
            self._n_frames += 1
            self._n_valid += frame.valid
            if frame.phase is Phase.PRACTICE and frame.valid:
                self._n_rewardable += 1
                self._n_rewarded += frame.reward
            if np.isfinite(frame.latency_ms):
                self._latency_ms.append(frame.latency_ms)

    @property
    def valid_fraction(self) -> float:
        """Share of frames with a usable signal; 0 before any."""
        return self._n_valid / self._n_frames if self._n_frames else 0.0

    def as_summary(self, hop_s: float) -> SessionSummary:
        """Return the part of ``summary.json`` that follows from the frames."""
        return SessionSummary(
            phases={str(phase): round(count * hop_s, 3) for phase, count in self._phases.items()},
            valid_fraction=round(self.valid_fraction, 4),
            reward_rate=round(self._n_rewarded / self._n_rewardable, 4) if self._n_rewardable else None,
            latency_ms=self._latency_percentiles(),
        )

    def _latency_percentiles(self) -> LatencyPercentiles | None:
        if not self._latency_ms:
            return None
        p50, p95, largest = np.percentile(self._latency_ms, (50, 95, 100))
        return LatencyPercentiles(p50=round(float(p50), 2), p95=round(float(p95), 2), max=round(float(largest), 2))


def package_versions() -> dict[str, str]:
    """Return the versions of all packages that can affect results."""
    found = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.platform()}
    found["neurofeedback-meditation"] = __version__
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def build_summary(
    runner: Runner, context: SessionContext, *, participant: str, n_reconnects: int, fit_text: str
) -> SessionSummary:
    """Return the summary of a session that has ended.

    Parameters
    ----------
    fit_text : str
        How the headset sat at the start; empty if it was not checked.
    """
    baseline, mains_hz = context.engine.baseline, context.engine.mains_hz
    frames = runner.frame_counts.as_summary(context.settings.spectrum.hop_s)
    whole = SessionSummary(
        participant=participant,
        reconnects=n_reconnects,
        duration_s=round(runner.duration_s, 3),
        effective_sfreq=_round_optional(runner.effective_sfreq, 3),
        iaf_hz=_round_optional(baseline.iaf_hz if baseline else None, 2),
        baseline_clean_s=_round_optional(baseline.clean_s if baseline else None, 2),
        mains_hz=None if mains_hz is None or math.isnan(mains_hz) else int(mains_hz),
        had_sound=not isinstance(context.sink, NullSink),
        audio_underruns=context.sink.underruns,
        probes=runner.probe_scheduler.n_probes,
        presses=runner.press_debouncer.n_presses,
        fit=fit_text or None,
        plan_completed=context.phase_controller.done,
        battery_start_percent=_round_optional(runner.battery_monitor.first_level, 0),
        battery_end_percent=_round_optional(runner.battery_monitor.level, 0),
        versions=package_versions(),
    )
    return frames.merge(baseline_summary(context.engine)).merge(whole)


def _round_optional(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
