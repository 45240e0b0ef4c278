"""What a sitting is disturbed by, as data; every disturbance can be switched off or made worse on its own."""

from __future__ import annotations

import math
from dataclasses import dataclass

NEVER = math.inf


@dataclass(frozen=True, slots=True)
class Conditions:
    """Disturbances of one sitting. Rates are mean times between events, s; ``NEVER`` is none.

    Parameters
    ----------
    blink_every_s, eye_every_s, burst_every_s, pop_every_s, broken_every_s : float
        Blinks, sideways eye movements, bursts of muscle, electrode pops, stretches with a broken electrode.
    tonic_uv : float
        Median level of standing muscle tone, 20 to 110 Hz, rms uV where the gain of muscle is 1.
    drift_uv : float
        Spread of the electrodes' slow drift, uV.
    hum : float
        Factor on the mains amplitude of each site.
    mains_hz : float
        Mains frequency, Hz.
    band_drift : float
        Factor on the slow drift of band powers: a line of +-.5 spreads in 20 min and a process of 120 s.
    vigilance : float
        Size of the tiring over the sitting (theta up, alpha down, more wandering); 0 is none.
    drowsiness : float
        Chance, after 20 min, that an episode is followed by a drowsy one.
    alpha_gain : float
        Factor on alpha, for open eyes.
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


CLEAN = Conditions()
EYES_CLOSED = Conditions(
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
EYES_OPEN = Conditions(
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
