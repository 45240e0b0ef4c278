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

from neurofeedback.feedback.fit_words import fit_words, help_words, reason_words
from neurofeedback.feedback.words import contact_mark
from neurofeedback.session.link import LinkFacts, LinkMeter
from neurofeedback.session.mailbox import Snapshot
from neurofeedback.types import Electrode, Verdict

Show = Callable[[Snapshot, LinkFacts], None]
_STYLES = {Verdict.GOOD: "green", Verdict.FAIR: "yellow", Verdict.BAD: "red"}


@contextmanager
def view(console: Console, *, quiet: bool) -> Iterator[Show]:
    """Show snapshots as the console allows; not at all if quiet."""
    if quiet:
        yield lambda _snapshot, _facts: None
    elif not console.is_terminal:
        yield _printing(console)
    else:
        with Live(Text("Waiting for the first signal."), console=console, auto_refresh=False) as live:
            yield lambda snapshot, facts: live.update(panel(snapshot, facts), refresh=True)


class Tally:
    """Counts the verdicts on each electrode over the whole check."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[Verdict]] = {}
        self._last: Snapshot | None = None
        self._link: LinkMeter | None = None

    def push(self, snapshot: Snapshot, link: LinkMeter) -> bool:
        """Count a snapshot; tells whether it has news."""
        if snapshot.fit is None or snapshot is self._last:
            return False
        self._last, self._link = snapshot, link
        if not snapshot.signal_lost_s:
            for contact in snapshot.contacts:
                self._counts.setdefault(contact.ch_name, Counter())[contact.verdict] += 1
        return True

    def document(self, device: str) -> dict[str, object]:
        """Return what was found, for ``--json``."""
        if self._last is None or self._link is None or self._last.fit is None or self._last.stream is None:
            return {"device": device, "good_enough": False, "sentence": fit_words(None), "channels": []}
        fit, facts, sfreq = self._last.fit, self._link.facts, self._last.stream.sfreq
        return {
            "device": device,
            "sfreq": sfreq,
            "seconds": round(self._link.n_samples / sfreq, 3),
            "good_enough": fit.enough,
            "good_everywhere": fit.everywhere,
            "sentence": fit_words(fit, self._last.signal_lost_s),
            "latency_ms": {"p50": _known(facts.latency_p50_ms, 1), "p95": _known(facts.latency_p95_ms, 1)},
            "channels": list(map(self._channel, fit.electrodes, facts.loss_rates)),
        }

    def _channel(self, electrode: Electrode, loss_rate: float) -> dict[str, object]:
        contact = electrode.contact
        counts = self._counts.get(contact.ch_name, Counter())
        return {
            "name": contact.ch_name,
            "verdict": contact.verdict,
            "reasons": contact.reasons,
            "badness": round(electrode.badness, 3),
            "mains_uv": _known(electrode.mains_uv, 2),
            "sd_uv": _known(electrode.sd_uv, 2),
            "loss_rate": round(loss_rate, 5),
            "good_share": round(counts[Verdict.GOOD] / counts.total(), 4) if counts else None,
        }


def panel(snapshot: Snapshot, facts: LinkFacts) -> RenderableType:
    """Return the live table of one moment."""
    fit, stream = snapshot.fit, snapshot.stream
    table = Table(box=None, padding=(0, 2), header_style="dim")
    table.add_column("electrode")
    table.add_column("contact")
    for heading in ("mains µV", "robust SD µV", "lost %"):
        table.add_column(heading, justify="right")
    for electrode, loss in zip(fit.electrodes if fit else (), facts.loss_rates, strict=False):
        style = _STYLES[electrode.contact.verdict]
        table.add_row(
            Text(contact_mark(electrode.contact), style=style),
            reason_words(electrode),
            _figure(electrode.mains_uv),
            _figure(electrode.sd_uv),
            f"{100 * loss:.1f}",
        )
    words = [fit_words(fit, snapshot.signal_lost_s), help_words(fit)]
    said = Text(" ".join(filter(None, words)), style="bold")
    rate = f"{stream.sfreq:g} Hz · " if stream else ""
    foot = Text(f"{rate}{_age(facts)} · Ctrl-C ends", style="dim")
    return Padding(Group(table, Text(), said, foot), (1, 1))


def _printing(console: Console) -> Show:
    """Print a line for each snapshot that says something else; of a silence that lasts one is enough."""
    told = ""

    def show(snapshot: Snapshot, _facts: LinkFacts) -> None:
        nonlocal told
        now = line(snapshot)
        if now != told:
            console.print(now, markup=False, highlight=False, soft_wrap=True)
        told = now

    return show


def line(snapshot: Snapshot) -> str:
    """Return one moment as one plain line."""
    fit = snapshot.fit
    electrodes = fit.electrodes if fit else ()
    poor = [f"{e.contact.ch_name}: {reason_words(e)}" for e in electrodes if e.contact.verdict is not Verdict.GOOD]
    return " | ".join([f"{snapshot.elapsed_s:.0f} s", fit_words(fit, snapshot.signal_lost_s), *poor])


def _age(facts: LinkFacts) -> str:
    p50, p95 = (_figure(value) for value in (facts.latency_p50_ms, facts.latency_p95_ms))
    return f"samples are {p50} ms old when they are read (95 %: {p95} ms)"


def _figure(value: float) -> str:
    return f"{value:.0f}" if math.isfinite(value) else "n/a"


def _known(value: float, digits: int) -> float | None:
    return round(value, digits) if math.isfinite(value) else None
