"""Steps of the scale: how far two pitches lie apart as a musician counts, not in semitones.

A motif repeated a step higher keeps its steps, though some of its seconds and thirds change between
major and minor; counted in semitones it would be another motif.
"""

from __future__ import annotations

from playbach.music.key import PITCH_CLASSES

STEPS_PER_OCTAVE = 7

# Step of the scale for each of the twelve pitch classes above the tonic. A raised or lowered note
# belongs to the step that is written most often: in minor the sixth and seventh have two forms.
_MAJOR = (0, 0, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6)
_MINOR = (0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6)


def steps_between(degree: int, interval: int) -> int:
    """Steps of the scale in an interval, downwards below 0.

    Args:
        degree: of the first note: semitones above the tonic, plus 12 in minor: 0 to 23.
        interval: semitones to the second note.
    """
    scale = _MINOR if degree >= PITCH_CLASSES else _MAJOR
    below = degree % PITCH_CLASSES
    octaves, above = divmod(below + interval, PITCH_CLASSES)
    return STEPS_PER_OCTAVE * octaves + scale[above] - scale[below]


def widest_step(widest: int) -> int:
    """The most steps in an interval of at most ``widest`` semitones, rounded up."""
    return widest * STEPS_PER_OCTAVE // PITCH_CLASSES + 1


def step_table(widest: int) -> list[list[int]]:
    """Steps of each interval from ``-widest`` to ``widest``, for each degree: a list a degree."""
    intervals = range(-widest, widest + 1)
    return [[steps_between(degree, i) for i in intervals] for degree in range(2 * PITCH_CLASSES)]
