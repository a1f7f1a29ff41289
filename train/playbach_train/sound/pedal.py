"""A pedal of our own to learn from: no recording of anybody's, and everybody can make it again.

The louder the last fiftieth of a second, the further the working point moves, as the coupling
capacitor of a valve does it; then a bend that is not the same up and down, and a small loudspeaker.
"""

from __future__ import annotations

import numpy as np
from scipy import signal

from playbach_train.sound.pairs import Samples

_DRIVE = 6.0
_BEND = 0.35
"""How far the working point lies from the middle."""
_SAG = 1.2
_MEMORY = 0.02
"""Seconds in which the working point follows the loudness."""
_BAND = (90.0, 5200.0)
"""Hertz that the loudspeaker gives."""
_BODY = (380.0, 0.8, 1.5)
"""Hertz, quality and height of its resonance."""
_LEVEL = 0.22


def pedal(dry: Samples, rate: int) -> Samples:
    """What comes out of it; ``dry`` is to have a peak near 1."""
    shaped = signal.lfilter(*signal.butter(1, 60.0, "highpass", fs=rate), dry)
    pole = np.exp(-1.0 / (_MEMORY * rate))
    loudness = signal.lfilter([1 - pole], [1, -pole], np.abs(shaped))
    point = _BEND - _SAG * loudness
    bent = np.tanh(_DRIVE * shaped + point) - np.tanh(point)
    low, high = _BAND
    out = signal.lfilter(*signal.butter(2, min(high, 0.45 * rate), "lowpass", fs=rate), bent)
    out = signal.lfilter(*signal.butter(2, low, "highpass", fs=rate), out)
    frequency, quality, height = _BODY
    resonance = signal.lfilter(*signal.iirpeak(frequency, quality, fs=rate), out)
    return np.asarray(_LEVEL * (out + height * resonance), np.float32)
