"""What ``summary.json`` says of a session, besides what the writer itself counts."""

from __future__ import annotations

import math

from neurofeedback.audio.silence import SilentSink
from neurofeedback.session.baselines import baseline_facts
from neurofeedback.session.parts import Parts
from neurofeedback.session.runner import Runner
from neurofeedback.session.tally import versions


def summary_of(runner: Runner, parts: Parts, *, participant: str, reconnects: int, fit: str) -> dict[str, object]:
    """Sum up a session that is over; ``fit`` is how the headset sat when it began, empty if nobody looked."""
    baseline, mains_hz = parts.engine.baseline, parts.engine.mains_hz
    return {
        "participant": participant,
        "reconnects": reconnects,
        "duration_s": round(runner.duration_s, 3),
        "effective_sfreq": _round(runner.effective_sfreq, 3),
        **runner.tally.summary(parts.settings.spectrum.hop_s),
        "iaf_hz": _round(baseline.iaf_hz if baseline else None, 2),
        "baseline_clean_s": _round(baseline.clean_s if baseline else None, 2),
        **baseline_facts(parts.engine),
        "mains_hz": None if mains_hz is None or math.isnan(mains_hz) else int(mains_hz),
        "had_sound": parts.sink.description != SilentSink.description,
        "audio_underruns": parts.sink.underruns,
        "probes": runner.prober.n_probes,
        "presses": runner.presses.n_presses,
        "fit": fit or None,
        "plan_completed": parts.keeper.done,
        "versions": versions(),
    }


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
