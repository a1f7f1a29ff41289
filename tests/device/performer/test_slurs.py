"""Slurs: never where no bow goes, alike where a figure comes again, as much as a movement has."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from statistics import fmean

from hypothesis import given
from hypothesis import strategies as st
from tests.device.performer.test_performer import passages, scale

from playbach.music.meter import Meter
from playbach.music.note import Note, Pitch, Ticks
from playbach.performer.features import Passage
from playbach.performer.model import included
from playbach.performer.slurs import FEATURES, Chord, History, PlaceReader, SlurModel, SlurReader


def chords_of(passage: Passage) -> list[Chord]:
    return [tuple(chord) for _, chord in groupby(passage.notes, key=lambda note: note.onset)]


def drawn(passage: Passage, seed: int = 0, model: SlurModel | None = None) -> list[bool]:
    model = model or included().slurs
    reader = SlurReader(passage.meter, passage.pickup, passage.double_bars, model, seed)
    return [one for chord in chords_of(passage) for one in reader.add(chord)] + reader.close()


ALWAYS = replace(included().slurs, constant=100.0, weights=dict.fromkeys(FEATURES, 0.0))


@given(passages(), st.integers(0, 1000))
def test_no_slur_leads_over_a_rest_a_repeated_pitch_or_a_double_bar(
    passage: Passage, seed: int
) -> None:
    chords = chords_of(passage)
    slurred = drawn(passage, seed, ALWAYS)
    assert len(slurred) == len(chords)
    assert not any(slurred[:1])
    for before, chord, is_slurred in zip(chords, chords[1:], slurred[1:], strict=False):
        if is_slurred:
            assert max(note.end for note in before) >= chord[0].onset
            assert not {n.pitch for n in before} & {n.pitch for n in chord}
            assert chord[0].onset not in passage.double_bars


def test_no_bow_is_endless() -> None:
    words = "".join("s" if one else " " for one in drawn(scale(16), 0, ALWAYS))
    assert max(map(len, words.split())) == 11


def test_a_movement_has_its_own_share_and_it_differs_from_movement_to_movement() -> None:
    shares = [fmean(drawn(scale(16), seed)) for seed in range(40)]
    assert min(shares) < 0.15
    assert max(shares) > 0.5
    assert 0.15 < fmean(shares) < 0.6


def test_where_the_figure_was_slurred_it_is_likelier_again_and_else_it_is_not() -> None:
    # Four quavers in 4/4 that leap, bar after bar.
    pitches = (50, 57, 52, 59, 50, 57, 52, 59)
    notes = [Note(Ticks(12 * i), Pitch(p), Ticks(12)) for i, p in enumerate(pitches * 4)]
    passage = Passage(notes, Meter(4, 4), end=Ticks(12 * len(notes)))
    model = included().slurs

    def odds(is_slurred: bool) -> float:
        history = History(0.3)
        reader = PlaceReader(passage.meter, passage.pickup, ())
        seen = [one for chord in chords_of(passage) for one in reader.add(chord)]
        for place in seen[:17]:
            if place is not None:
                history.features(place)
            history.add(is_slurred=is_slurred and place is not None)
        last = seen[17]
        assert last is not None
        row = zip(model.weights.values(), history.features(last), strict=True)
        return model.constant + sum(weight * feature for weight, feature in row)

    assert odds(is_slurred=True) > 1 > -1 > odds(is_slurred=False)
