"""What ``summary.json`` says of a session, besides what the writer itself counts."""

from __future__ import annotations

import math

from neurofeedback.audio.null_sink import NullSink
from neurofeedback.session.baseline_store import baseline_summary
from neurofeedback.session.runner import Runner
from neurofeedback.session.session_context import SessionContext
from neurofeedback.session.summary import package_versions


def build_summary(
    runner: Runner, context: SessionContext, *, participant: str, n_reconnects: int, fit_text: str
) -> dict[str, object]:
    """Sum up a session that is over; ``fit`` is how the headset sat when it began, empty if nobody looked."""
    baseline, mains_hz = context.engine.baseline, context.engine.mains_hz
    return {
        "participant": participant,
        "reconnects": n_reconnects,
        "duration_s": round(runner.duration_s, 3),
        "effective_sfreq": _round_optional(runner.effective_sfreq, 3),
        **runner.frame_counts.as_summary(context.settings.spectrum.hop_s),
        "iaf_hz": _round_optional(baseline.iaf_hz if baseline else None, 2),
        "baseline_clean_s": _round_optional(baseline.clean_s if baseline else None, 2),
        **baseline_summary(context.engine),
        "mains_hz": None if mains_hz is None or math.isnan(mains_hz) else int(mains_hz),
        "had_sound": context.sink.description != NullSink.description,
        "audio_underruns": context.sink.underruns,
        "probes": runner.probe_scheduler.n_probes,
        "presses": runner.press_debouncer.n_presses,
        "fit": fit_text or None,
        "plan_completed": context.phase_controller.done,
        "versions": package_versions(),
    }


def _round_optional(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
