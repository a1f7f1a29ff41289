"""Pieces as rows of symbols, and symbols as indices, for networks that read windows.

The number of a symbol is its index in the vocabulary. A chord that training music holds only once
gets none of its own: it is ``OTHER``, and so is any chord of unseen music without a number. Such a
chord costs the bits of ``OTHER``, and then log2(6) bits for how many notes it has and log2(88), one
of the keys of a piano, for each of them.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from playbach.music.key import PITCH_CLASSES, Key, Mode
from playbach.music.meter import TICKS_PER_QUARTER
from playbach.music.note import MAX_PITCH, Piece
from playbach.music.symbols import BORDER, HOLD, OTHER, REST, Symbol, Vocabulary, pitches_of

SIXTEENTH = TICKS_PER_QUARTER // 4
CHORD_SIZES, PIANO_KEYS = 6, 88
LONGEST_TICKS = 16 * TICKS_PER_QUARTER
_UP_TO_TRITONE = 6
_MAJOR_ABOVE_MINOR = 3

Ints = NDArray[np.int32]


@dataclass(frozen=True)
class SymbolRow:
    """A movement as one row of symbols."""

    symbols: tuple[Symbol, ...]  # in time
    # how long after each the next one follows, or the movement ends; as many
    ticks: tuple[int, ...]

    @property
    def quarters(self) -> float:
        """How long the music from the second symbol on is."""
        return sum(self.ticks[1:]) / TICKS_PER_QUARTER

    @property
    def notes(self) -> int:
        """How many notes begin with the second symbol or later."""
        return sum(len(pitches_of(symbol)) for symbol in self.symbols[1:])


ReadPiece: TypeAlias = Callable[[Piece], SymbolRow | None]
"""How a network reads a movement; ``None`` for one that it cannot."""


def onset_row(piece: Piece) -> SymbolRow:
    """A symbol for each onset: all pitches that begin there, as they are."""
    onsets = _beginnings(piece)
    ends = [*list(onsets)[1:], int(piece.end)]
    return SymbolRow(
        tuple(onsets.values()),
        tuple(end - onset for onset, end in zip(onsets, ends, strict=True)),
    )


def sixteenth_row(piece: Piece) -> SymbolRow | None:
    """A symbol for each sixteenth, moved to C major or A minor; ``None`` if it does not fit.

    Where pitches begin they are the symbol, whatever sounds on below them; where none begins, a
    hold if anything sounds, else a rest.
    """
    up = to_home(piece.keys[0][1])
    if any(note.onset % SIXTEENTH or note.end % SIXTEENTH for note in piece.notes):
        return None
    if not all(0 <= note.pitch + up <= MAX_PITCH for note in piece.notes):
        return None
    moved = piece.transposed(up)
    onsets = _beginnings(moved)
    ends: defaultdict[int, int] = defaultdict(int)
    for note in moved.notes:
        ends[int(note.onset)] = max(ends[int(note.onset)], int(note.end))
    sounds_until = 0
    symbols: list[Symbol] = []
    for tick in range(0, int(moved.end), SIXTEENTH):
        sounds_until = max(sounds_until, ends[tick])
        symbols.append(onsets.get(tick, HOLD if tick < sounds_until else REST))
    return SymbolRow(tuple(symbols), (SIXTEENTH,) * len(symbols))


def to_home(key: Key) -> int:
    """Semitones from ``key`` to C major or A minor, the nearer way: -5 to 6."""
    home = 0 if key.mode is Mode.MAJOR else PITCH_CLASSES - _MAJOR_ABOVE_MINOR
    up = (home - key.tonic) % PITCH_CLASSES
    return up if up <= _UP_TO_TRITONE else up - PITCH_CLASSES


def tonics(key: Key) -> tuple[int, int]:
    """The tonic of music with that key signature, in major and in minor: pitch classes."""
    if key.mode is Mode.MAJOR:
        return key.tonic, (key.tonic - _MAJOR_ABOVE_MINOR) % PITCH_CLASSES
    return (key.tonic + _MAJOR_ABOVE_MINOR) % PITCH_CLASSES, key.tonic


@dataclass(frozen=True)
class Alphabet:
    """The vocabulary of a network."""

    vocabulary: Vocabulary  # symbols
    # times until the next symbol, ascending; one where the network does not learn them
    ticks: tuple[int, ...]
    seen: int  # how many symbols the training music had

    @property
    def parts(self) -> dict[str, int]:
        """Parts of a symbol that are learned, with how many members each has."""
        sizes = {"symbols": len(self.vocabulary), "ticks": len(self.ticks)}
        return sizes if len(self.ticks) > 1 else {"symbols": sizes["symbols"]}

    @property
    def border(self) -> int:
        """The number of the border."""
        return self.vocabulary.number[BORDER]

    def numbers(self, row: SymbolRow) -> Ints:
        """Numbers of symbols and, if learned, of ticks, new ones as the nearest: ``(n, parts)``."""
        number, other = self.vocabulary.number, self.vocabulary.number[OTHER]
        symbols = np.array([number.get(one, other) for one in row.symbols], np.int32)
        columns = [symbols, self._nearest(row.ticks)][: len(self.parts)]
        return np.stack(columns, axis=1)

    def extra_bits(self, row: SymbolRow) -> NDArray[np.float64]:
        """Bits to spell out symbols and ticks that have no number: shape as of ``numbers``.

        A time that training never held counts as the next of its symbols to be new, and then as
        one of all up to sixteen quarters; what that takes from the others is below a
        ten-thousandth of a bit for any corpus of ours.
        """
        bits = np.zeros((len(row.symbols), len(self.parts)))
        for n, symbol in enumerate(row.symbols):
            if symbol not in self.vocabulary.number:
                pitches = len(pitches_of(symbol))
                bits[n, 0] = math.log2(CHORD_SIZES) + pitches * math.log2(PIANO_KEYS)
        if len(self.parts) > 1:
            new = ~np.isin(row.ticks, self.ticks)
            bits[new, 1] = math.log2(self.seen + 1) + math.log2(LONGEST_TICKS)
        return bits

    def _nearest(self, ticks: Sequence[int]) -> Ints:
        distance = np.abs(np.array(ticks)[:, None] - self._known)
        nearest: Ints = distance.argmin(axis=1).astype(np.int32)
        return nearest

    @cached_property
    def _known(self) -> Ints:
        return np.array(self.ticks, np.int32)


def alphabet_of(rows: Iterable[SymbolRow], always: Sequence[Symbol], *, timed: bool) -> Alphabet:
    """The alphabet of training music.

    Args:
        rows: the music.
        always: symbols that are in it whether the music has them or not.
        timed: whether times are learned; if not, every symbol lasts what most of them do.

    Raises:
        InputError: no symbol would begin a note.
    """
    counts: Counter[Symbol] = Counter()
    ticks: Counter[int] = Counter()
    for row in rows:
        counts.update(row.symbols)
        ticks.update(row.ticks)
    kept = {s for s, count in counts.items() if count > 1 or len(s) <= 1}
    special = (BORDER, OTHER, *always)
    symbols = (*special, *sorted(kept.difference(special), key=lambda s: (len(s), s)))
    # Of two times equally frequent the shorter, whatever the order of the music.
    usual = min(ticks, key=lambda t: (-ticks[t], t), default=SIXTEENTH)
    times = tuple(sorted(ticks)) if timed and ticks else (usual,)
    return Alphabet(Vocabulary(symbols), times, counts.total())


def _beginnings(piece: Piece) -> dict[int, Symbol]:
    """Onset to the pitches that begin there, in order; no pitch begins twice at one onset."""
    pitches: defaultdict[int, list[int]] = defaultdict(list)
    for note in piece.notes:
        pitches[int(note.onset)].append(int(note.pitch))
    return {onset: tuple(found) for onset, found in pitches.items()}
