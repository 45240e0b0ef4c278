"""Sentences about heart, breath and stillness of a session."""

from __future__ import annotations

from neurofeedback.analysis.body.body_file import PacerMatch, RateSummary, SessionBody
from neurofeedback.texts import body as texts
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.format import format_number, format_percent


def body_sentences(body: SessionBody | None) -> list[str]:
    """Return one sentence for each measure that a sensor of the headset allows; empty without such a sensor.

    Examples
    --------
    >>> body_sentences(SessionBody(still_share=0.93))
    ['Your head was still in 93 % of the time.']
    """
    if body is None:
        return []
    lines: list[str] = []
    if body.heart is not None:
        lines.append(_rate_sentence(body.heart, texts.HEART, texts.NO_HEART))
    if body.variability is not None:
        found = body.variability
        low, value, high = (format_number(one, 0) for one in (found.low_ms, found.rmssd_ms, found.high_ms))
        lines.append(tr(texts.VARIABILITY, value=value, low=low, high=high, n=found.n_windows))
    if body.breath is not None:
        lines.append(_rate_sentence(body.breath, texts.BREATH, texts.NO_BREATH))
    lines += [_pacer_sentence(match) for match in body.pacers]
    if body.still_share is not None:
        lines.append(tr(texts.STILLNESS, share=format_percent(body.still_share)))
    if (found := body.movement) is not None and found.n_rejected and found.n_accepted:
        hits, others = found.n_moved_rejected / found.n_rejected, found.n_moved_accepted / found.n_accepted
        lines.append(
            tr(
                texts.MOVEMENT,
                hits=format_percent(hits),
                others=format_percent(others),
                rejected=found.n_rejected,
                accepted=found.n_accepted,
            )
        )
    return lines


def _rate_sentence(found: RateSummary, sentence: str, without: str) -> str:
    if found.mean is None:
        return tr(without, reason=tr(texts.REASONS[found.main_reason]))
    interval = ""
    if found.low is not None and found.high is not None:
        low, high = format_number(found.low, 1), format_number(found.high, 1)
        interval = tr(texts.INTERVAL, low=low, high=high)
    rate = format_number(found.mean, 1)
    return tr(sentence, rate=rate, interval=interval, share=format_percent(found.good_share))


def _pacer_sentence(match: PacerMatch) -> str:
    pace = format_number(match.pace, 0 if match.pace == round(match.pace) else 1)
    if match.breath_rate is None or match.matched_share is None:
        return tr(texts.PACER_UNCLEAR, pace=pace)
    rate = format_number(match.breath_rate, 1)
    return tr(texts.PACER, pace=pace, rate=rate, share=format_percent(match.matched_share))
