"""Movements become phrases of one melody on a grid of sixteenths, in C major or A minor."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.device.music.strategies import pieces

from playbach.music.key import Key, Mode
from playbach.music.meter import Meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.music.symbols import HOLD, OTHER, REST, is_hold, pitches_of
from playbach_train.networks.gan_phrases import (
    LINES,
    PITCHES,
    lowest_pitch,
    melody_of,
    phrases_of,
    vocabulary,
)

SIXTEENTH, QUARTER = 6, 24


def piece(*notes: tuple[float, int, float], key: str = "C major", bar: int = 4) -> Piece:
    """Notes as onset and length in sixteenths, with the pitch between."""
    tonic, mode = key.split()
    return Piece(
        tuple(
            sorted(
                Note(Ticks(round(onset * 6)), Pitch(pitch), Ticks(round(length * 6)))
                for onset, pitch, length in notes
            )
        ),
        keys=((Ticks(0), Key("C D EF G A B".index(tonic), Mode(mode))),),
        meters=((Ticks(0), Meter(bar, 4)),),
    )


def said(*notes: tuple[float, int, float], key: str = "C major") -> str:
    """The melody, a word a sixteenth: a pitch where it begins, ``-`` held, ``.`` for nothing."""
    melody = melody_of(piece(*notes, key=key))
    words = [
        "." if pitch < 0 else str(pitch) if begins else "-"
        for pitch, begins in zip(melody.pitches.tolist(), melody.begins.tolist(), strict=True)
    ]
    return " ".join(words)


def scale(sixteenths: int, lowest: int = 60) -> list[tuple[float, int, float]]:
    return [(n, lowest + (0, 2, 4, 5, 7, 9, 11)[n % 7], 1) for n in range(sixteenths)]


def test_the_melody_is_the_highest_note_of_a_chord() -> None:
    assert said((0, 48, 2), (0, 64, 2), (0, 55, 2), (2, 62, 2)) == "64 - 62 -"


def test_what_begins_under_a_higher_note_that_sounds_is_not_of_the_melody() -> None:
    assert said((0, 72, 4), (1, 48, 1), (2, 52, 4), (4, 71, 1)) == "72 - - - 71 ."


def test_a_higher_note_ends_the_one_that_sounds_and_silence_is_silence() -> None:
    assert said((0, 60, 4), (2, 67, 1), (5, 62, 1)) == "60 - 67 . . 62"


def test_of_several_notes_in_a_sixteenth_the_first_stands_for_all() -> None:
    assert said((0, 60, 0.5), (0.5, 62, 3.5), (4, 64, 1)) == "60 - - - 64"


def test_triplets_begin_in_the_sixteenth_that_they_begin_in() -> None:
    third = 4 / 3
    assert said((0, 60, third), (third, 62, third), (2 * third, 64, third)) == "60 62 64 -"


def test_every_piece_is_moved_to_c_major_or_a_minor_by_the_smallest_interval() -> None:
    assert said((0, 62, 1), key="D major") == "60"
    assert said((0, 67, 1), key="G major") == "72"
    assert said((0, 62, 1), key="D minor") == "57"
    assert said((0, 57, 1), key="A minor") == "57"


def test_an_image_has_as_many_columns_as_rows() -> None:
    symbols = list(vocabulary(47))
    assert len(symbols) == LINES == 2 * PITCHES + 2
    assert symbols[:4] == [(47,), (*HOLD, 47), (48,), (*HOLD, 48)]
    assert symbols[-2:] == [REST, OTHER]


def test_the_lowest_pitch_is_chosen_so_that_most_notes_have_a_symbol() -> None:
    low = melody_of(piece((0, 36, 1)))
    rest = melody_of(piece(*[(n, 60 + n, 1) for n in range(PITCHES)]))
    assert lowest_pitch([low, rest]) == 60


def test_phrases_begin_at_bar_lines_and_are_whole() -> None:
    melody = melody_of(piece(*scale(64 + 40), bar=4))
    phrases = phrases_of(melody, 60, bars=1)
    assert phrases.shape == (3, LINES)
    for n, phrase in enumerate(phrases):
        numbers = [2 * (pitch - 60) for _, pitch, _ in scale(104)[16 * n : 16 * n + LINES]]
        assert phrase.tolist() == numbers
    assert len(phrases_of(melody, 60, bars=2)) == 2
    assert len(phrases_of(melody, 60, bars=50)) == 1
    assert phrases_of(melody_of(piece(*scale(63))), 60, bars=1).shape == (0, LINES)


def test_the_first_bar_line_comes_after_the_upbeat() -> None:
    with_upbeat = piece(*scale(68))
    with_upbeat = Piece(with_upbeat.notes, meters=with_upbeat.meters, pickup=Ticks(QUARTER))
    (phrase,) = phrases_of(melody_of(with_upbeat), 60, bars=1)
    assert phrase[0] == 2 * (scale(68)[4][1] - 60)


def test_a_note_that_sounds_on_over_the_start_of_a_phrase_is_held_there() -> None:
    melody = melody_of(piece((0, 60, 20), *[(20 + n, 62, 1) for n in range(60)]))
    assert phrases_of(melody, 60, bars=1)[1][:5].tolist() == [1] * 4 + [4]


def test_a_melody_is_moved_by_octaves_as_a_whole_and_then_note_by_note() -> None:
    melody = melody_of(piece(*scale(63, lowest=84), (63, 36, 1)))
    (phrase,) = phrases_of(melody, 48, bars=1)
    assert phrase[:3].tolist() == [24, 28, 32]
    assert phrase[63] == 0


@given(pieces(), st.integers(0, 97))
def test_phrases_say_the_melody_in_whatever_octave(music: Piece, lowest: int) -> None:
    melody = melody_of(music)
    table = list(vocabulary(lowest))
    starts = [start for start in melody.bars if start + LINES <= len(melody.pitches)]
    phrases = phrases_of(melody, lowest, bars=1)
    assert len(phrases) == len(starts)
    for start, phrase in zip(starts, phrases.tolist(), strict=True):
        for place, number in enumerate(phrase, start):
            symbol, pitch = table[number], melody.pitches[place]
            if symbol == REST:
                assert pitch < 0
            else:
                assert (symbol[-1] - pitch) % 12 == 0
                assert bool(pitches_of(symbol)) == melody.begins[place] != is_hold(symbol)


@given(pieces())
def test_nothing_is_held_that_did_not_begin(music: Piece) -> None:
    melody = melody_of(music)
    for before, here in zip(
        range(-1, len(melody.pitches)), range(len(melody.pitches)), strict=False
    ):
        if melody.pitches[here] >= 0 and not melody.begins[here]:
            assert before >= 0
            assert melody.pitches[before] == melody.pitches[here]
    onsets = {int(note.onset) // SIXTEENTH for note in music.notes}
    assert set(np.flatnonzero(melody.begins).tolist()) <= onsets
