"""How much sound a device is to hold ahead: little where this machine is quick, much where it is busy."""

from __future__ import annotations

import math

TIGHT_PERIODS = 3  # heard 40 to 60 ms after it was rendered
ROOMY_S = 0.3
CALM_S = 45.0
CALM_AGAIN_S = 900.0
_CALM_PERIODS = 1.25  # so late at worst, or the machine is not calm
_CLOSE_PERIODS = 1.5  # a tight buffer is dry at two


class Cushion:
    """Decides on the number of periods. It begins roomy, because the first minutes have no guidance to delay.

    Parameters
    ----------
    period_s : float
        Length of one period, s.
    """

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._roomy = max(TIGHT_PERIODS, math.ceil(ROOMY_S / period_s))
        self._wait_s = CALM_S
        self._calm_since_s: float | None = None
        self.periods = self._roomy

    def push(self, now_s: float, late_s: float, *, steady: bool) -> bool:
        """Take in how late samples came at worst since the last time; True if ``periods`` changed.

        Parameters
        ----------
        now_s : float
            Any clock, s.
        late_s : float
            Lateness at worst, s.
        steady : bool
            The device has been running steadily, so that lateness can be told.
        """
        before = self.periods
        if not steady or late_s > _CALM_PERIODS * self._period_s:
            self._calm_since_s = None
        elif self._calm_since_s is None:
            self._calm_since_s = now_s
        if self.periods == self._roomy:
            if self._calm_since_s is not None and now_s - self._calm_since_s >= self._wait_s:
                self.periods = TIGHT_PERIODS
        elif late_s > _CLOSE_PERIODS * self._period_s:
            self.periods, self._wait_s = self._roomy, CALM_AGAIN_S
        return self.periods != before

    def stay_roomy(self) -> None:
        """Take a device that was opened anew for a busy machine."""
        self.periods, self._calm_since_s = self._roomy, None
