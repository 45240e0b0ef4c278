"""Snapshots of a running session for screens, with traces and index history."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurofeedback.processing.body.live import LiveBody
from neurofeedback.session.controls import Controls
from neurofeedback.session.live_state import Snapshot
from neurofeedback.session.outputs.masked_output import masked_frame
from neurofeedback.session.session_context import SessionContext
from neurofeedback.texts.probe_questions import ProbeQuestion
from neurofeedback.types import Frame

_TRACE_S = 8.0
_TRACE_POINTS_PER_S = 64
_RECENT_S = 4.0
_HISTORY_FRAMES = 1200


class TraceBuffer:
    """The last seconds of the filtered signal, decimated for display."""

    def __init__(self, n_channels: int, sfreq: float) -> None:
        self._step = max(1, round(sfreq / _TRACE_POINTS_PER_S))
        self._skip = 0
        self.duration_s = _TRACE_S
        self._n_recent = round(_RECENT_S * sfreq)
        self._pieces: deque[NDArray[np.float64]] = deque()
        self._points = np.full((n_channels, int(_TRACE_S * sfreq / self._step)), np.nan, np.float32)

    def append(self, filtered: NDArray[np.float64]) -> None:
        """Add ``(n_channels, n_samples)`` in uV."""
        decimated = filtered[:, self._skip :: self._step].astype(np.float32)
        self._skip = (self._skip - filtered.shape[1]) % self._step
        self._append_recent(filtered)
        n_points = self._points.shape[1]
        self._points = np.concatenate([self._points, decimated], axis=1)[:, -n_points:]

    def _append_recent(self, filtered: NDArray[np.float64]) -> None:
        self._pieces.append(filtered)
        while sum(piece.shape[1] for piece in self._pieces) - self._pieces[0].shape[1] >= self._n_recent:
            self._pieces.popleft()

    @property
    def recent_filtered(self) -> tuple[NDArray[np.float64], ...]:
        """The last seconds at full rate ``(n_channels, n_samples)`` in uV, in the pieces they came in."""
        return tuple(self._pieces)

    @property
    def points(self) -> NDArray[np.float32]:
        """The traces ``(n_channels, n_points)``; a new array after every ``append``."""
        return self._points


class IndexHistory:
    """The index of the last minutes, one value per frame."""

    def __init__(self) -> None:
        self._values: list[float] = []

    def append(self, index_value: float) -> None:
        """Add one frame's index, NaN without one."""
        self._values.append(index_value)
        if len(self._values) > 2 * _HISTORY_FRAMES:
            del self._values[:-_HISTORY_FRAMES]

    @property
    def values(self) -> NDArray[np.float32]:
        """The last minutes, oldest first."""
        return np.array(self._values[-_HISTORY_FRAMES:], dtype=np.float32)


class SnapshotBuilder:
    """Builds snapshots of a session from its latest frames."""

    def __init__(self, context: SessionContext, controls: Controls) -> None:
        self._context, self._controls = context, controls
        self._traces = TraceBuffer(context.stream.n_channels, context.stream.sfreq)
        self._history = IndexHistory()
        self._frame: Frame | None = None

    def process_frames(self, frames: Sequence[Frame]) -> None:
        """Take new frames, at least one."""
        if self._context.masked:
            frames = [masked_frame(frame) for frame in frames]
        self._frame = frames[-1]
        for frame in frames:
            self._history.append(frame.mwi)
        self._traces.append(self._context.engine.recent_filtered)

    def build(
        self,
        *,
        n_received: int,
        n_lost: int,
        lost_s: float,
        message: str,
        valid_fraction: float,
        question: ProbeQuestion | None,
        n_probes: int,
        model_text: str,
        guide_text: str,
        battery: float | None,
        body: LiveBody,
    ) -> Snapshot:
        """Return the snapshot of this moment."""
        context, controls, frame, sfreq = self._context, self._controls, self._frame, self._context.stream.sfreq
        phase_end, session_end = context.phase_controller.end_samples
        return Snapshot(
            status="running",
            message=message,
            stream=context.stream,
            phase=context.phase_controller.phase,
            elapsed_s=n_received / sfreq,
            remaining_s=max(0.0, (session_end - n_received) / sfreq),
            phase_remaining_s=max(0.0, (phase_end - n_received) / sfreq),
            signal_lost_s=lost_s,
            frame=frame,
            contacts=frame.contacts if frame else (),
            traces=self._traces.points,
            traces_s=self._traces.duration_s,
            recent_filtered=self._traces.recent_filtered,
            columns=context.engine.columns,
            index_history=self._history.values,
            index_name=context.index_name,
            loss_rate=n_lost / n_received if n_received else 0.0,
            latency_ms=frame.latency_ms if frame else float("nan"),
            valid_fraction=valid_fraction,
            sound=context.sink.description,
            recording=context.writer.raw,
            question=question,
            n_probes=n_probes,
            paused=controls.paused,
            volume_db=controls.volume_db,
            muted=controls.muted,
            target_rate=controls.target_rate,
            tone_depth=controls.tone_depth,
            # another baseline changes the real feedback at once, and the sham not at all
            feedback_source="" if context.masked else controls.feedback_source,
            model_text=model_text,
            outputs=context.outputs_text,
            can_extend=context.phase_controller.can_extend,
            practice=context.phase_controller.practice,
            guide_text=guide_text,
            battery=battery,
            body=body,
            masked=context.masked,
            breaths_per_min=context.phase_controller.segment.breaths_per_min,
            segment_s=context.phase_controller.segment_s,
        )
