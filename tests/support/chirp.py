"""The sound of a clocked microphone (page/devices.js): its pitch tells the time. Reads it back, and finds gaps.

The pitch rises from 400 Hz by 200 Hz a second and starts again after five seconds of the wall clock.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LOW_HZ = 400.0
HERTZ_PER_SECOND = 200.0
SECONDS = 5.0
_BLOCK_SECONDS = 0.01


@dataclass(frozen=True)
class Recording:
    """What ``wsmediaTest.recorded`` gave.

    Attributes:
        samples: mono, −1 … 1, shape (n,), at ``rate`` samples per second.
        ends_at: the wall clock after the last sample, s.
    """

    samples: NDArray[np.float64]
    rate: int
    ends_at: float

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Recording:
        """Unpack the page's answer."""
        words = np.frombuffer(base64.b64decode(answer["samples"]), "<i2")
        return cls(words.astype(np.float64) / 32767, round(answer["rate"]), float(answer["endsAt"]))

    def since(self, wall_clock: float) -> Recording:
        """The part after that moment, s."""
        count = min(len(self.samples), max(0, round((self.ends_at - wall_clock) * self.rate)))
        return Recording(self.samples[len(self.samples) - count :], self.rate, self.ends_at)

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / self.rate


def longest_gap_ms(recording: Recording) -> float:
    """Length of the longest silence in a recording of a steady tone, chirp or not; 0 if there is none, ms.

    Silence is where the level over 5 ms is a tenth of the median level.
    """
    width = recording.rate // 200
    count = len(recording.samples) // width
    level = np.sqrt(np.mean(recording.samples[: count * width].reshape(count, width) ** 2, axis=1))
    if count == 0 or float(np.median(level)) < 1e-3:
        return recording.seconds * 1000
    longest = run = 0
    for quiet in level < np.median(level) / 10:
        run = run + 1 if quiet else 0
        longest = max(longest, run)
    return longest * 5.0


def delays(recording: Recording) -> NDArray[np.float64]:
    """How old the sound was when it was heard, for every 10 ms of it, s; NaN where no pitch can be read.

    Returns:
        Shape (blocks,), each 0 … ``SECONDS``.
    """
    rate = recording.rate
    width = round(_BLOCK_SECONDS * rate)
    count = len(recording.samples) // width
    samples = recording.samples[: count * width]
    # Of the analytic signal, the phase's advance from sample to sample is the pitch.
    spectrum = np.fft.fft(samples)
    frequency = np.fft.fftfreq(len(samples), 1 / rate)
    spectrum[(frequency < LOW_HZ / 2) | (frequency > 2 * (LOW_HZ + HERTZ_PER_SECOND * SECONDS))] = 0
    analytic = np.fft.ifft(spectrum)
    advance = np.zeros(len(samples))
    advance[1:] = np.angle(analytic[1:] * np.conj(analytic[:-1])) * rate / (2 * np.pi)
    pitch = np.median(advance.reshape(count, width), axis=1)
    spread = np.percentile(advance.reshape(count, width), 90, axis=1) - np.percentile(
        advance.reshape(count, width), 10, axis=1
    )
    told = (pitch - LOW_HZ) / HERTZ_PER_SECOND
    heard = recording.ends_at - len(recording.samples) / rate + (np.arange(count) + 0.5) * _BLOCK_SECONDS
    ages = (heard - told) % SECONDS
    clear = (told >= 0) & (told < SECONDS) & (spread < 40)
    return np.where(clear, ages, np.nan)


def skipped_seconds(recording: Recording) -> float:
    """How much sound is missing in a recording: how far its delay has fallen without a gap between, s.

    Only falls of more than 30 ms from one tenth of a second to the next are counted; a buffer that plays faster falls
    slower than that.
    """
    ages = delays(recording)
    tenths = ages[: len(ages) // 10 * 10].reshape(-1, 10)
    steady = np.array([np.nanmedian(tenth) if np.isfinite(tenth).sum() > 5 else np.nan for tenth in tenths])
    steady = steady[np.isfinite(steady)]
    change = (np.diff(steady) + SECONDS / 2) % SECONDS - SECONDS / 2
    return float(-change[change < -0.03].sum())
