"""Course of a subanaesthetic ketamine infusion in the EEG, with the dose and the times as parameters.

The directions are those of studies of 0.5 mg/kg over 40 min: alpha, beta and delta down, gamma up and frontal theta
unchanged (Vlisides et al. 2017 Anesthesiology 127:58), a flatter 1/f slope, and more Lempel-Ziv complexity (Li &
Mashour 2019 NeuroImage 196:32; Farnes et al. 2020 PLoS ONE 15:e0242056). Nystagmus and muscle tone rise with it. The
sizes are assumptions: no study gives them for four dry electrodes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurofeedback.errors import SettingsError
from neurofeedback.texts.catalogue import tr
from neurofeedback.texts.technical import errors as texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

REFERENCE_DOSE, REFERENCE_S = 0.5, 2400.0
MAX_DOSE = 1.0


@dataclass(frozen=True, slots=True)
class SubstanceEffects:
    """Changes at level 1, the end of 0.5 mg/kg over 40 min.

    Parameters
    ----------
    delta, theta, alpha, beta, gamma : float
        Change of ln power in the band, beside what the exponent changes.
    chi : float
        Change of the aperiodic exponent, around 9 Hz.
    muscle : float
        Change of the ln rms of sustained muscle tone.
    nystagmus_every_s : float
        Mean time between runs of nystagmus, s; infinite for none.
    """

    delta: float = -0.1
    theta: float = 0.08
    alpha: float = -0.6
    beta: float = -0.4
    gamma: float = 0.3
    chi: float = -0.2
    muscle: float = 0.7
    nystagmus_every_s: float = 12.0


WITHOUT_ARTIFACTS = SubstanceEffects(muscle=0.0, nystagmus_every_s=math.inf)
"""The effects on the brain alone."""


@dataclass(frozen=True, slots=True)
class SubstanceCourse:
    """A ketamine infusion within a session.

    Parameters
    ----------
    start_s, infusion_s : float
        Start and length of the infusion, s.
    dose_mg_per_kg : float
        Dose, mg/kg; up to 1.
    half_life_s : float
        Half-life of the effect after the infusion, s; the level rises with the same constant.
    """

    start_s: float = 600.0
    infusion_s: float = REFERENCE_S
    dose_mg_per_kg: float = REFERENCE_DOSE
    half_life_s: float = 1200.0
    effects: SubstanceEffects = SubstanceEffects()

    def __post_init__(self) -> None:
        if not 0 <= self.dose_mg_per_kg <= MAX_DOSE:
            raise SettingsError(
                tr(texts.SIMULATED_DOSE), got=f"{self.dose_mg_per_kg:g} mg/kg", allowed=tr(texts.SIMULATED_DOSE_ALLOWED)
            )
        if not (self.start_s >= 0 and self.infusion_s > 0 and self.half_life_s > 0):
            raise SettingsError(
                tr(texts.SIMULATED_INFUSION),
                got=f"{self.start_s / 60:g}, {self.infusion_s / 60:g} min",
                allowed=tr(texts.SIMULATED_INFUSION_ALLOWED),
            )

    def level(self, times_s: Floats) -> Floats:
        """Return the level of the effect: 1 at the end of 0.5 mg/kg over 40 min, proportional to the dose.

        Notes
        -----
        One compartment: dl/dt = rate - k l during the infusion, with k = ln 2 / half-life.

        Examples
        --------
        >>> SubstanceCourse(start_s=0.0).level(np.array([0.0, 2400.0, 3600.0])).round(3).tolist()
        [0.0, 1.0, 0.5]
        """
        k = math.log(2) / self.half_life_s
        rate = (self.dose_mg_per_kg / self.infusion_s) / (REFERENCE_DOSE / REFERENCE_S)
        since = np.maximum(times_s - self.start_s, 0.0)
        risen = rate * -np.expm1(-k * np.minimum(since, self.infusion_s)) / -math.expm1(-k * REFERENCE_S)
        return risen * np.exp(-k * np.maximum(since - self.infusion_s, 0.0))
