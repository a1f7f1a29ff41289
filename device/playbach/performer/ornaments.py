"""Trills: where a line comes to rest at a cadence.

Two places have one: the long note before an anticipation (a short note, a step away, that is struck
again on the beat), and the note that leads to the last of a section. In engravings of Bach's solo
works one note in four hundred has a trill. Of those these rules find one in eight; of what they
find three in five have none there, for what is usual at a cadence need not be written.
"""

from __future__ import annotations

from collections.abc import Sequence

from playbach.music.key import PITCH_CLASSES
from playbach.music.meter import Meter
from playbach.music.note import MAX_PITCH, Note
from playbach.music.performed import Trill
from playbach.performer.slurs import Chord

_STROKE = 80_000_000
"""Nanoseconds: some twelve notes a second."""
_FEWEST, _MOST = 4, 32
"""Strokes; a note too short for so few has no trill."""
_BOW_HOLDS = 2
"""Strings that one stroke of the bow can sound at once."""
_STEPS = frozenset({-2, -1, 1})
"""Semitones from a trilled note to the next."""
_AROUND = 32
"""Chords before that say which note above is in key."""


def trill(duration: float, upper: int) -> Trill | None:
    """A trill that lasts for so many nanoseconds; ``None`` if that is too short for one."""
    strokes = min(_MOST, int(duration / _STROKE) // 2 * 2)
    return Trill(upper, strokes) if strokes >= _FEWEST else None


class Cadences:
    """Finds the notes of a movement that are trilled, read chord by chord."""

    def __init__(self, meter: Meter, pickup: int, borders: Sequence[int]) -> None:
        """Before the first chord; arguments as of ``SlurReader``."""
        self._beat, self._bar, self._pickup = meter.beat_ticks, meter.bar_ticks, pickup
        self._borders = list(borders)
        self._chords: list[Chord] = []

    def add(self, chord: Chord) -> None:
        """The chord that comes next."""
        self._chords.append(chord)

    def close(self, end: int) -> None:
        """The movement ends at that tick."""
        self._borders.append(end)

    def trilled(self, index: int) -> int:
        """Semitones to the note that the highest of a chord is trilled with; 0 for no trill.

        Args:
            index: of the chord; two more are read, unless there are none.
        """
        chord, *later = self._chords[index : index + 3]
        if not later or max(len(chord), len(later[0])) > _BOW_HOLDS:
            return 0
        note, step = chord[-1], later[0][-1].pitch - chord[-1].pitch
        # A longer note would begin before the last two bars, of which alone the end is known.
        if step not in _STEPS or note.end != later[0][0].onset or note.duration > self._bar:
            return 0
        if not (self._is_anticipation(note, later) or self._is_last(later)):
            return 0
        around = self._chords[max(0, index - _AROUND) : index + 3]
        upper = 1 if step == 1 else _upper(note.pitch, around)
        held = {one.pitch for each in around for one in each if one.onset < note.onset < one.end}
        is_free = note.pitch + upper <= MAX_PITCH and note.pitch + upper not in held
        return upper if is_free else 0

    def _is_anticipation(self, note: Note, later: Sequence[Chord]) -> bool:
        short = later[0][-1]
        return (
            len(later) > 1
            and note.duration >= 2 * short.duration
            and 2 * note.duration >= self._beat
            and later[1][-1].pitch == short.pitch
            and (later[1][0].onset - self._pickup) % self._beat == 0
        )

    def _is_last(self, later: Sequence[Chord]) -> bool:
        """Whether a section ends with the first of these, and on its own root."""
        last = later[0]
        border = next((line for line in self._borders if line > last[0].onset), None)
        # What lasts for longer than a bar is not known to be the last two bars before the end.
        return (
            border is not None
            and border - last[0].onset <= self._bar
            and (len(later) == 1 or later[1][0].onset >= border)
            and (last[-1].pitch - last[0].pitch) % PITCH_CLASSES == 0
        )


def _upper(pitch: int, around: Sequence[Chord]) -> int:
    """Semitones to the note above that is more usual here: one or two."""
    sounding = [0, 0, 0]
    for chord in around:
        for note in chord:
            above = (note.pitch - pitch) % PITCH_CLASSES
            if above in {1, 2}:
                sounding[above] += note.duration
    return 1 if sounding[1] > sounding[2] else 2
