"""The text of a preregistration, filled in from the protocol."""

from __future__ import annotations

from pathlib import Path

from neurofeedback._version import __version__
from neurofeedback.study.protocol import VisitSettings, read_protocol
from neurofeedback.study.protocol_lock import frozen_protocol, lock_path
from neurofeedback.texts.catalogue import english
from neurofeedback.texts.studies import study as texts

_CONTRASTS = {
    "parallel": texts.CONTRAST_SLOPE,
    "crossover": texts.CONTRAST_PERIODS,
    "single": texts.CONTRAST_SINGLE,
}


def preregistration(root: Path) -> str:
    """Return the text, in Markdown. What the protocol leaves open is marked.

    Raises
    ------
    RecordingError
        There is no protocol, or it has changed since it was frozen.
    SettingsError
        The protocol cannot be used.
    """
    protocol, lock = frozen_protocol(root) if lock_path(root).exists() else (read_protocol(root), None)
    empty, outcome = english(texts.TO_FILL_IN), protocol.outcome
    test = english(texts.TESTS[outcome.test])
    return english(
        texts.PREREG,
        title=protocol.title,
        name=protocol.name,
        version=protocol.version,
        hash=lock.sha256 if lock else english(texts.PREREG_NOT_FROZEN),
        program=lock.program_version if lock else __version__,
        design=protocol.design,
        arms=", ".join(arm.name for arm in protocol.arms) or "-",
        sites=", ".join(f"{site.name} ({site.first} to {site.last})" for site in protocol.sites),
        factors=", ".join(factor.name for factor in protocol.factors) or "-",
        blocks=", ".join(map(str, protocol.block_sizes)) or "-",
        masking=english(texts.PREREG_MASKED if protocol.masked else texts.PREREG_OPEN),
        per_arm=protocol.sample.per_arm,
        justification=protocol.sample.justification or empty,
        stop_rule=protocol.sample.stop_rule or empty,
        visits="\n".join(map(_visit_line, protocol.visits)),
        instructions="\n".join(
            f"- {one.open_part or '-'} ({one.version}): {one.text}" for one in protocol.instructions
        ),
        feedback=english(texts.PREREG_SHAM, kind=protocol.sham.kind)
        if protocol.has_sham
        else english(texts.PREREG_NO_SHAM),
        exclusions="\n".join(f"- {one.name}: {one.rule}" for one in protocol.exclusions) or "-",
        outcome=english(
            texts.PREREG_OUTCOME,
            measure=outcome.measure,
            contrast=english(_CONTRASTS[protocol.design]),
            test=test,
            alpha=outcome.alpha,
        ),
        important=protocol.outcome.important_change or empty,
    )


def _visit_line(visit: VisitSettings) -> str:
    return english(
        texts.PREREG_VISIT,
        name=visit.name,
        day=visit.day,
        early=visit.early_days,
        late=visit.late_days,
        profile=visit.profile,
        programme=visit.programme or "-",
        before=", ".join(visit.forms_before) or "-",
        after=", ".join(visit.forms_after) or "-",
    )
