"""HED tags of the events of a session, which say in a shared vocabulary what each kind of event is.

The tags are those of the standard schema, https://www.hedtags.org, of the version in ``dataset_description.json``.

HED refuses two equal descriptions at the same onset. So only kinds of events have tags of which two never begin at one
sample, each in parentheses: not controls that are moved quickly, nor marks, nor gaps, since those of two channels can
begin together. The column ``value`` cannot tell them apart in the tags: a mark with a brace or a comma in its text is
then an error of the whole table.
"""

from __future__ import annotations

from neurofeedback.types import EventKind

HED_VERSION = "8.4.0"
_PARTICIPANT = "(Human-agent, Experiment-participant)"
_ANSWER = f"Agent-action, Participant-response, {_PARTICIPANT}"

EVENT_TAGS: dict[str, str] = {
    EventKind.HEADSET_FIT: "(Experiment-procedure, EEG-recorder, Label/Headset-fit)",
    EventKind.START: "(Experiment-structure, Recording, Label/Begin)",
    EventKind.STOP: "(Experiment-structure, Recording, Label/End)",
    EventKind.PROBE: "(Sensory-event, Auditory-presentation, Query)",
    EventKind.ANSWER_WHERE: f"({_ANSWER}, Label/Where-the-mind-was)",
    EventKind.ANSWER_SURE: f"({_ANSWER}, Label/How-sure)",
    EventKind.ANSWER_SLEEPY: f"({_ANSWER}, Label/How-sleepy)",
    EventKind.ANSWER_OWN: f"({_ANSWER}, Label/Question-of-the-practice)",
    EventKind.UNANSWERED: "(Agent-action, Omitted-action, Query)",
    EventKind.PRESS: f"({_ANSWER}, Press, Label/Mind-wandering-noticed)",
    EventKind.ENTRY: "(Experiment-procedure, Experimental-note, (Human-agent, Experimenter))",
}
"""Tags of kinds of events."""
