"""Accelerometer, gyroscope and pulse sensor of a Muse on a still head: gravity, breath and pulse."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from neurofeedback.emulators.faults import FaultKind, Faults

MOTION_SFREQ, MOTION_BLOCK = 52.0, 3
"""Rate of accelerometer and gyroscope, Hz, and samples in a notification."""

PULSE_SFREQ, PULSE_BLOCK = 64.0, 6
"""Rate of the pulse sensor, Hz, and samples in a notification."""

G_PER_COUNT = 1 / 16384
"""Acceleration per count, g."""

DPS_PER_COUNT = 0.007476
"""Angular rate per count, degrees/s."""

_PERIODS_S = {"motion": MOTION_BLOCK / MOTION_SFREQ, "pulse": PULSE_BLOCK / PULSE_SFREQ}
_NO_CHANNEL = -1
_BREATH_HZ = 0.1
_PULSE_HZ = 1.1
_PULSE_LEVELS = np.array([[180_000.0, 900.0], [210_000.0, 1_400.0]])  # level and pulse of ambient and infrared, counts


class Sensor(StrEnum):
    """Sensors with their own notifications."""

    ACCEL = "accel"
    GYRO = "gyro"
    AMBIENT = "ambient"
    INFRARED = "infrared"


def motion_counts(first_sample: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the counts of one notification that starts with sample ``first_sample``.

    Returns
    -------
    accel, gyro : ndarray, shape (3, 3)
        A row for each sample: x, y, z. The head tilts with the breath, by 0.01 g.
    """
    breath = 2 * np.pi * _BREATH_HZ * (first_sample + np.arange(MOTION_BLOCK)) / MOTION_SFREQ
    tilt = 0.01 * np.sin(breath)
    accel = np.stack([tilt, np.full(MOTION_BLOCK, 0.05), np.sqrt(1 - tilt**2)], axis=1) / G_PER_COUNT
    gyro = np.stack([np.zeros(MOTION_BLOCK), 0.36 * np.cos(breath), np.zeros(MOTION_BLOCK)], axis=1) / DPS_PER_COUNT
    return np.round(accel).astype(np.int64), np.round(gyro).astype(np.int64)


def pulse_counts(first_sample: int) -> NDArray[np.int64]:
    """Return the counts of one notification of each of two pulse sensors, shape (2, 6)."""
    beat = np.sin(2 * np.pi * _PULSE_HZ * (first_sample + np.arange(PULSE_BLOCK)) / PULSE_SFREQ)
    return np.round(_PULSE_LEVELS[:, :1] + _PULSE_LEVELS[:, 1:] * beat).astype(np.int64)


def motion_packet(counter: int, counts: NDArray[np.int64]) -> bytes:
    """Return the 20 bytes of a notification of three samples of three axes.

    Examples
    --------
    >>> motion_packet(258, np.arange(9).reshape(3, 3) - 1)[:6].hex()
    '0102ffff0000'
    """
    return (counter & 0xFFFF).to_bytes(2, "big") + np.clip(counts, -32768, 32767).astype(">i2").tobytes()


def pulse_packet(counter: int, counts: NDArray[np.int64]) -> bytes:
    """Return the 20 bytes of a notification of six samples of one pulse sensor.

    Examples
    --------
    >>> pulse_packet(258, np.arange(6))[:8].hex()
    '0102000000000001'
    """
    return (counter & 0xFFFF).to_bytes(2, "big") + counts.astype(">i4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()


class MuseSensors:
    """The other sensors of a Muse and their notifications.

    Attributes
    ----------
    pulse_on : bool
        Whether the pulse sensor is on.
    sent_numbers : dict of str to list of int
        Numbers of the notifications of ``motion`` and ``pulse`` that were sent, counted since the first stream.
    """

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng([seed, 2])
        self._next = dict.fromkeys(_PERIODS_S, 0)
        self._stream_start = dict(self._next)
        self.pulse_on = False
        self.sent_numbers: dict[str, list[int]] = {name: [] for name in _PERIODS_S}

    def start_stream(self, at_s: float) -> None:
        """Start a stream at this time (s): the counters restart."""
        list(self.send(at_s, Faults(), streaming=False))
        self._stream_start = dict(self._next)

    def send(self, at_s: float, faults: Faults, *, streaming: bool) -> Iterator[tuple[Sensor, bytes]]:
        """Yield the notifications due at this time (s); without a stream they are counted but not sent."""
        for name, period_s in _PERIODS_S.items():
            while (self._next[name] + 1) * period_s <= at_s:
                number = self._next[name]
                self._next[name] += 1
                lost = self._rng.random() < faults.probability(FaultKind.LOSS, number * period_s, _NO_CHANNEL)
                if streaming and not lost and (name == "motion" or self.pulse_on):
                    self.sent_numbers[name].append(number)
                    yield from self._notifications(name, number, number - self._stream_start[name])

    def _notifications(self, name: str, number: int, counter: int) -> Iterator[tuple[Sensor, bytes]]:
        if name == "motion":
            accel, gyro = motion_counts(number * MOTION_BLOCK)
            yield Sensor.ACCEL, motion_packet(counter, accel)
            yield Sensor.GYRO, motion_packet(counter, gyro)
        else:
            for sensor, counts in zip(
                (Sensor.AMBIENT, Sensor.INFRARED), pulse_counts(number * PULSE_BLOCK), strict=True
            ):
                yield sensor, pulse_packet(counter, counts)
