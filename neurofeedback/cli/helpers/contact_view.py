"""Output of ``check``: a live table, plain lines where stdout is no terminal, or one document at the end."""

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

from neurofeedback.cli.helpers.json_documents import ChannelDocument, ContactDocument
from neurofeedback.session.link_stats import LinkMonitor, LinkStats
from neurofeedback.session.live_state import Snapshot
from neurofeedback.texts import terminal
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.status import contact_hint, contact_reason_text, contact_symbol, headset_fit_text
from neurofeedback.types import ContactLevel, ElectrodeQuality

Show = Callable[[Snapshot, LinkStats], None]
_STYLES = {ContactLevel.GOOD: "green", ContactLevel.FAIR: "yellow", ContactLevel.BAD: "red"}


@contextmanager
def live_view(console: Console, *, quiet: bool) -> Iterator[Show]:
    """Return a function that shows a snapshot as the console allows; it shows nothing if ``quiet``."""
    if quiet:
        yield lambda _snapshot, _stats: None
    elif not console.is_terminal:
        yield _line_printer(console)
    else:
        with Live(Text(tr(terminal.WAITING)), console=console, auto_refresh=False) as live:
            yield lambda snapshot, stats: live.update(render_panel(snapshot, stats), refresh=True)


class ContactStatistics:
    """Counts the contact levels of each electrode over the whole check."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[ContactLevel]] = {}
        self._last: Snapshot | None = None
        self._link: LinkMonitor | None = None

    def update(self, snapshot: Snapshot, link: LinkMonitor) -> bool:
        """Count a snapshot and return whether it is a new one."""
        if snapshot.headset_fit is None or snapshot is self._last:
            return False
        self._last, self._link = snapshot, link
        if not snapshot.signal_lost_s:
            for contact in snapshot.contacts:
                self._counts.setdefault(contact.ch_name, Counter())[contact.level] += 1
        return True

    def as_dict(self, device: str) -> ContactDocument:
        """Return the counts and the last snapshot as plain values, for ``--json``."""
        if self._last is None or self._link is None or self._last.headset_fit is None or self._last.stream is None:
            return {"device": device, "good_enough": False, "sentence": headset_fit_text(None), "channels": []}
        fit, stats, sfreq = self._last.headset_fit, self._link.stats, self._last.stream.sfreq
        return {
            "device": device,
            "sfreq": sfreq,
            "seconds": round(self._link.n_samples / sfreq, 3),
            "good_enough": fit.good_enough,
            "good_everywhere": fit.all_good,
            "sentence": headset_fit_text(fit, self._last.signal_lost_s),
            "latency_ms": {
                "p50": _finite_or_none(stats.latency_p50_ms, 1),
                "p95": _finite_or_none(stats.latency_p95_ms, 1),
            },
            "channels": list(map(self._channel, fit.electrodes, stats.loss_rates)),
        }

    def _channel(self, electrode: ElectrodeQuality, loss_rate: float) -> ChannelDocument:
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


def render_panel(snapshot: Snapshot, stats: LinkStats) -> RenderableType:
    """Return the live table of one snapshot."""
    fit, stream = snapshot.headset_fit, snapshot.stream
    table = Table(box=None, padding=(0, 2), header_style="dim")
    table.add_column(tr(terminal.ELECTRODE))
    table.add_column(tr(terminal.CONTACT))
    for heading in (terminal.MAINS, terminal.NOISE, terminal.LOST):
        table.add_column(tr(heading), justify="right")
    for electrode, loss in zip(fit.electrodes if fit else (), stats.loss_rates, strict=False):
        style = _STYLES[electrode.contact.level]
        table.add_row(
            Text(contact_symbol(electrode.contact), style=style),
            contact_reason_text(electrode),
            _format_number(electrode.mains_uv),
            _format_number(electrode.sd_uv),
            f"{100 * loss:.1f}",
        )
    sentences = [headset_fit_text(fit, snapshot.signal_lost_s), contact_hint(fit)]
    advice = Text(" ".join(filter(None, sentences)), style="bold")
    latency = _latency_text(stats)
    footer = (
        tr(terminal.CHECK_FOOTER_SFREQ, sfreq=f"{stream.sfreq:g}", latency=latency)
        if stream
        else tr(terminal.CHECK_FOOTER, latency=latency)
    )
    return Padding(Group(table, Text(), advice, Text(footer, style="dim")), (1, 1))


def _line_printer(console: Console) -> Show:
    """Return a function that prints a line for each snapshot whose text differs from the one before."""
    printed = ""

    def show(snapshot: Snapshot, _stats: LinkStats) -> None:
        nonlocal printed
        line = format_line(snapshot)
        if line != printed:
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        printed = line

    return show


def format_line(snapshot: Snapshot) -> str:
    """Return one snapshot as one plain line."""
    fit = snapshot.headset_fit
    electrodes = fit.electrodes if fit else ()
    poor = [
        f"{e.contact.ch_name}: {contact_reason_text(e)}" for e in electrodes if e.contact.level is not ContactLevel.GOOD
    ]
    return " | ".join([f"{snapshot.elapsed_s:.0f} s", headset_fit_text(fit, snapshot.signal_lost_s), *poor])


def _latency_text(stats: LinkStats) -> str:
    p50, p95 = (_format_number(value) for value in (stats.latency_p50_ms, stats.latency_p95_ms))
    return tr(terminal.SAMPLE_AGE, p50=p50, p95=p95)


def _format_number(value: float) -> str:
    return f"{value:.0f}" if math.isfinite(value) else "n/a"


def _finite_or_none(value: float, digits: int) -> float | None:
    return round(value, digits) if math.isfinite(value) else None
