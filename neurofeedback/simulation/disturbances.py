"""Disturbances of a simulated session; each can be switched off or increased on its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from neurofeedback.simulation.noise import RandomStream, rng_for
from neurofeedback.simulation.substance_course import SubstanceCourse

NEVER = math.inf


@dataclass(frozen=True, slots=True)
class SessionShift:
    """Change of the spectrum of a whole session, as by a substance or by the day.

    Parameters
    ----------
    delta, theta, alpha, beta, gamma : float
        Change of ln power in the band; gamma is 30 to 45 Hz.
    chi : float
        Change of the aperiodic exponent; the total power between 2 and 40 Hz is unchanged.
    """

    delta: float = 0.0
    theta: float = 0.0
    alpha: float = 0.0
    beta: float = 0.0
    gamma: float = 0.0
    chi: float = 0.0

    def __add__(self, other: SessionShift) -> SessionShift:
        return SessionShift(
            self.delta + other.delta,
            self.theta + other.theta,
            self.alpha + other.alpha,
            self.beta + other.beta,
            self.gamma + other.gamma,
            self.chi + other.chi,
        )


NO_SHIFT = SessionShift()
SHIFTS: Mapping[str, SessionShift] = {
    "none": NO_SHIFT,
    "infusion": SessionShift(alpha=-0.6, gamma=0.5, chi=-0.2),
}
"""Known effects for comparing conditions: less alpha, more gamma and a flatter slope, as with ketamine."""

_CHI_PER_LN = 0.3


def draw_session_shift(seed: int, session: int, sd: float) -> SessionShift:
    """Draw the random difference of one session from a person's mean.

    Parameters
    ----------
    sd : float
        SD between sessions of every band, ln power; that of the exponent is 0.3 of it.
    """
    drawn = (sd * rng_for(seed, RandomStream.SESSION_SHIFT, session).standard_normal(6)).tolist()
    return SessionShift(*drawn[:5], chi=_CHI_PER_LN * drawn[5])


@dataclass(frozen=True, slots=True)
class Disturbances:
    """Disturbances of one session. ``*_every_s`` are mean times between events, s; ``NEVER`` is none.

    Parameters
    ----------
    blink_every_s, eye_every_s, burst_every_s, pop_every_s, broken_every_s : float
        Blinks, sideways eye movements, muscle bursts, electrode pops, periods with a broken electrode.
    tonic_uv : float
        Median level of sustained muscle tone, 20 to 110 Hz, rms uV at a muscle gain of 1.
    drift_uv : float
        SD of the electrodes' slow drift, uV.
    hum : float
        Factor on the mains amplitude of each electrode.
    mains_hz : float
        Mains frequency, Hz.
    band_drift : float
        Factor on the slow drift of band powers: a line of +-0.5 SD in 20 min and a process of 120 s.
    vigilance : float
        Size of the fatigue over the session (theta up, alpha down, more wandering); 0 is none.
    drowsiness : float
        Chance, after 20 min, that an episode is followed by a drowsy one.
    alpha_gain : float
        Factor on alpha, for open eyes.
    shift : SessionShift
        Change of the spectrum in this session.
    substance : SubstanceCourse, optional
        An infusion within the session.
    """

    blink_every_s: float = NEVER
    eye_every_s: float = NEVER
    burst_every_s: float = NEVER
    pop_every_s: float = NEVER
    broken_every_s: float = NEVER
    tonic_uv: float = 0.0
    drift_uv: float = 0.0
    hum: float = 0.0
    mains_hz: float = 50.0
    band_drift: float = 0.0
    vigilance: float = 0.0
    drowsiness: float = 0.0
    alpha_gain: float = 1.0
    shift: SessionShift = NO_SHIFT
    substance: SubstanceCourse | None = None


CLEAN = Disturbances()
EYES_CLOSED = Disturbances(
    blink_every_s=25.0,
    eye_every_s=40.0,
    burst_every_s=70.0,
    pop_every_s=180.0,
    broken_every_s=1800.0,
    tonic_uv=1.0,
    drift_uv=60.0,
    hum=1.0,
    band_drift=1.0,
)
EYES_OPEN = Disturbances(
    blink_every_s=6.0,
    eye_every_s=10.0,
    burst_every_s=70.0,
    pop_every_s=180.0,
    broken_every_s=1800.0,
    tonic_uv=1.5,
    drift_uv=60.0,
    hum=1.0,
    band_drift=1.0,
    alpha_gain=0.4,
)
