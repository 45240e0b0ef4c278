"""The ground truth as rows: complete, in order, and the same as the sitting's."""

from __future__ import annotations

import pytest

from neurofeedback.settings.load import load_montage
from neurofeedback.simulation.artifacts import Artifact, ArtifactKind
from neurofeedback.simulation.disturbances import EYES_CLOSED
from neurofeedback.simulation.ground_truth import (
    COLUMNS,
    COURSE_HEADER,
    EVENTS_HEADER,
    STATES_HEADER,
    describe_truth,
    event_rows,
    state_rows,
)
from neurofeedback.simulation.headset_specs import HEADSETS
from neurofeedback.simulation.population import draw_person
from neurofeedback.simulation.simulated_meditator import draw_session
from neurofeedback.simulation.states import MentalState
from neurofeedback.types import frame_end

DAISY = HEADSETS["cyton-daisy"]
POP = Artifact(ArtifactKind.POP, 30.1, 0.3, (2,), -300.0)


@pytest.fixture(scope="module")
def truth():
    montage = load_montage("cyton-daisy")
    return draw_session(draw_person(2), seconds=600, seed=2, montage=montage, headset=DAISY, extra_artifacts=(POP,))


def test_states_are_given_at_the_end_of_every_frame(truth):
    rows = state_rows(truth, truth.n_samples)
    assert len(rows) == 2400
    assert all(len(row) == len(STATES_HEADER) for row in rows)
    for place in (0, 1, 2, 2399):
        onset, sample, state, _ = rows[place]
        assert int(sample) == frame_end(place, 125.0, 0.25)
        assert float(onset) == pytest.approx(int(sample) / 125, abs=1e-6)
        assert state == MentalState(int(truth.state_at([float(onset)])[0])).name.lower()
    assert {row[2] for row in rows} == {"focus", "wander"}


def test_states_name_the_artifacts_that_reach_into_a_frame(truth):
    touched = [row[0] for row in state_rows(truth, truth.n_samples) if "pop" in row[3]]
    assert {"30.248000", "30.496000"} <= set(touched)
    assert {kind for row in state_rows(truth, truth.n_samples) for kind in row[3].split()} <= {*ArtifactKind, "n/a"}


def test_events_list_all_that_began_in_order(truth):
    rows = event_rows(truth, 600)
    assert len(rows) == len(truth.episodes) + len(truth.artifacts)
    assert all(len(row) == len(EVENTS_HEADER) for row in rows)
    onsets = [float(row[0]) for row in rows]
    assert onsets == sorted(onsets)
    assert ("30.100", "0.300", "pop", "F4", "-300.0") in rows
    assert rows[0] == ("0.000", f"{truth.episodes[0].duration_s:.3f}", "focus", "n/a", "n/a")
    assert [row for row in rows if float(row[0]) < 100] == event_rows(truth, 100)


def test_truth_of_a_truncated_recording_is_truncated(truth):
    assert len(state_rows(truth, 1250)) == 40
    assert not state_rows(truth, 30)


def test_truth_describes_the_person_and_every_column(truth):
    description = describe_truth(truth)
    assert description.person == truth.person
    assert description.disturbances == EYES_CLOSED
    assert description.wandering_share == pytest.approx(truth.wandering_share(), abs=1e-4)
    assert set(COLUMNS) == {*STATES_HEADER, *COURSE_HEADER, *EVENTS_HEADER}
