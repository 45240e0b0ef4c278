"""What ``check`` prints: a live table, plain lines where stdout is no terminal, or one document at the end."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from neurofeedback.session.link_stats import LinkMonitor, LinkStats
from neurofeedback.session.live_state import Snapshot
from neurofeedback.session.status_text import contact_hint, contact_reason_text, contact_symbol, headset_fit_text
from neurofeedback.types import ContactLevel, ElectrodeQuality

Show = Callable[[Snapshot, LinkStats], None]
_STYLES = {ContactLevel.GOOD: "green", ContactLevel.FAIR: "yellow", ContactLevel.BAD: "red"}


@contextmanager
def live_view(console: Console, *, quiet: bool) -> Iterator[Show]:
    """Show snapshots as the console allows; not at all if quiet."""
    if quiet:
        yield lambda _snapshot, _facts: None
    elif not console.is_terminal:
        yield _line_printer(console)
    else:
        with Live(Text("Waiting for the first signal."), console=console, auto_refresh=False) as live:
            yield lambda snapshot, facts: live.update(render_panel(snapshot, facts), refresh=True)


class ContactStatistics:
    """Counts the verdicts on each electrode over the whole check."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[ContactLevel]] = {}
        self._last: Snapshot | None = None
        self._link: LinkMonitor | None = None

    def update(self, snapshot: Snapshot, link: LinkMonitor) -> bool:
        """Count a snapshot; tells whether it has news."""
        if snapshot.headset_fit is None or snapshot is self._last:
            return False
        self._last, self._link = snapshot, link
        if not snapshot.signal_lost_s:
            for contact in snapshot.contacts:
                self._counts.setdefault(contact.ch_name, Counter())[contact.level] += 1
        return True

    def document(self, device: str) -> dict[str, object]:
        """Return what was found, for ``--json``."""
        if self._last is None or self._link is None or self._last.headset_fit is None or self._last.stream is None:
            return {"device": device, "good_enough": False, "sentence": headset_fit_text(None), "channels": []}
        fit, facts, sfreq = self._last.headset_fit, self._link.stats, self._last.stream.sfreq
        return {
            "device": device,
            "sfreq": sfreq,
            "seconds": round(self._link.n_samples / sfreq, 3),
            "good_enough": fit.good_enough,
            "good_everywhere": fit.all_good,
            "sentence": headset_fit_text(fit, self._last.signal_lost_s),
            "latency_ms": {
                "p50": _finite_or_none(facts.latency_p50_ms, 1),
                "p95": _finite_or_none(facts.latency_p95_ms, 1),
            },
            "channels": list(map(self._channel, fit.electrodes, facts.loss_rates)),
        }

    def _channel(self, electrode: ElectrodeQuality, loss_rate: float) -> dict[str, object]:
        contact = electrode.contact
        counts = self._counts.get(contact.ch_name, Counter())
        return {
            "name": contact.ch_name,
            "verdict": contact.level,
            "reasons": contact.reasons,
            "badness": round(electrode.badness, 3),
            "mains_uv": _finite_or_none(electrode.mains_uv, 2),
            "sd_uv": _finite_or_none(electrode.sd_uv, 2),
            "loss_rate": round(loss_rate, 5),
            "good_share": round(counts[ContactLevel.GOOD] / counts.total(), 4) if counts else None,
        }


def render_panel(snapshot: Snapshot, facts: LinkStats) -> RenderableType:
    """Return the live table of one moment."""
    fit, stream = snapshot.headset_fit, snapshot.stream
    table = Table(box=None, padding=(0, 2), header_style="dim")
    table.add_column("electrode")
    table.add_column("contact")
    for heading in ("mains µV", "robust SD µV", "lost %"):
        table.add_column(heading, justify="right")
    for electrode, loss in zip(fit.electrodes if fit else (), facts.loss_rates, strict=False):
        style = _STYLES[electrode.contact.level]
        table.add_row(
            Text(contact_symbol(electrode.contact), style=style),
            contact_reason_text(electrode),
            _format_number(electrode.mains_uv),
            _format_number(electrode.sd_uv),
            f"{100 * loss:.1f}",
        )
    words = [headset_fit_text(fit, snapshot.signal_lost_s), contact_hint(fit)]
    said = Text(" ".join(filter(None, words)), style="bold")
    rate = f"{stream.sfreq:g} Hz · " if stream else ""
    foot = Text(f"{rate}{_latency_text(facts)} · Ctrl-C ends", style="dim")
    return Padding(Group(table, Text(), said, foot), (1, 1))


def _line_printer(console: Console) -> Show:
    """Print a line for each snapshot that says something else; of a silence that lasts one is enough."""
    told = ""

    def show(snapshot: Snapshot, _facts: LinkStats) -> None:
        nonlocal told
        now = format_line(snapshot)
        if now != told:
            console.print(now, markup=False, highlight=False, soft_wrap=True)
        told = now

    return show


def format_line(snapshot: Snapshot) -> str:
    """Return one moment as one plain line."""
    fit = snapshot.headset_fit
    electrodes = fit.electrodes if fit else ()
    poor = [
        f"{e.contact.ch_name}: {contact_reason_text(e)}" for e in electrodes if e.contact.level is not ContactLevel.GOOD
    ]
    return " | ".join([f"{snapshot.elapsed_s:.0f} s", headset_fit_text(fit, snapshot.signal_lost_s), *poor])


def _latency_text(facts: LinkStats) -> str:
    p50, p95 = (_format_number(value) for value in (facts.latency_p50_ms, facts.latency_p95_ms))
    return f"samples are {p50} ms old when they are read (95 %: {p95} ms)"


def _format_number(value: float) -> str:
    return f"{value:.0f}" if math.isfinite(value) else "n/a"


def _finite_or_none(value: float, digits: int) -> float | None:
    return round(value, digits) if math.isfinite(value) else None
