"""A movement made of symbols plays what they say, and keeps the rules whatever they are."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.device.composer.test_draft import ANSWERS, CELLO, CELLS, movement
from tests.device.music.strategies import keys, meters
from tests.device.scripted import Answer, only
from tests.device.scripted_symbols import Reciting, ScriptedSymbols

from playbach.bundle import PitchRange
from playbach.composer.loops import LONGEST_PERIOD
from playbach.composer.playable import is_playable
from playbach.composer.settings import Sampling
from playbach.composer.shape import BARS_OVER, Shape
from playbach.composer.symbol_draft import PATIENCE, SymbolDraft
from playbach.composer.transposed import interval_to, within
from playbach.music.form import FORMS, Form
from playbach.music.key import C_MAJOR, Key, Mode, parse_key
from playbach.music.note import BarLines, Note, Piece, Pitch, Ticks
from playbach.music.symbols import (
    BORDER,
    HOLD,
    HOLD_CODE,
    OTHER,
    REST,
    Symbol,
    Vocabulary,
    pitches_of,
)
from playbach.predictor import SymbolPredictor
from playbach.stream import Movement

DEFAULT = Sampling()
BOLD = Sampling(1.0, 1.0)
EVERYTHING = Vocabulary(
    (
        HOLD, REST, BORDER, OTHER, (43, 50, 59), (36, 48), (0, 60, 127),
        *((pitch,) for pitch in range(30, 90)), *((HOLD_CODE, pitch) for pitch in range(30, 90)),
    )
)  # fmt: skip
PITCHES = st.integers(0, 127)
SYMBOLS: st.SearchStrategy[Symbol] = st.one_of(
    st.sampled_from((HOLD, REST, BORDER, OTHER)),
    st.sets(PITCHES, min_size=1, max_size=6).map(lambda chord: tuple(sorted(chord))),
    PITCHES.map(lambda pitch: (HOLD_CODE, pitch)),
)
vocabularies = (
    st.lists(SYMBOLS, min_size=1, max_size=12, unique=True)
    .filter(lambda symbols: any(map(pitches_of, symbols)))
    .map(lambda symbols: Vocabulary(tuple(symbols)))
)
all_ticks = st.lists(
    st.sampled_from((2, 5, 6, 24, 288, 289, 3000)), min_size=1, max_size=4, unique=True
).map(lambda ticks: tuple(sorted(ticks)))
answers = st.sampled_from(list(ANSWERS.values()))


def drafted(
    predictor: SymbolPredictor, asked: Movement, pitches: PitchRange = CELLO, seed: int = 1
) -> SymbolDraft:
    return SymbolDraft(predictor, pitches, asked, np.random.default_rng(seed))


def notes_of(draft: SymbolDraft, sampling: Sampling = DEFAULT) -> tuple[Note, ...]:
    notes: list[Note] = []
    while (note := draft.next_note(sampling)) is not None:
        notes.append(note)
        assert len(notes) < 200_000
    assert draft.next_note(sampling) is None
    return tuple(notes)


def said(*symbols: Symbol) -> Vocabulary:
    return Vocabulary(tuple(dict.fromkeys(symbols)))


def recited(*symbols: Symbol, key: Key = C_MAJOR) -> list[tuple[int, int, int]]:
    """Onset, pitch, duration of the notes of these symbols, a sixteenth each, up to a border."""
    predictor = Reciting(said(*symbols, BORDER), (*symbols, BORDER))
    notes = notes_of(drafted(predictor, movement("song", key=key, pickup=Ticks(0))))
    return [(note.onset, note.pitch, note.duration) for note in notes]


def check_rules(asked: Movement, pitches: PitchRange, notes: tuple[Note, ...], step: int) -> None:
    # Refuses notes out of order, out of MIDI's range, or struck while they sound.
    Piece(notes, ((Ticks(0), asked.key),), ((Ticks(0), asked.meter),), pickup=asked.pickup)
    assert all(pitches.lowest <= note.pitch <= pitches.highest for note in notes)
    for before, note in pairwise(notes):
        assert note.onset > before.onset or note.pitch > before.pitch
        assert note.onset - before.onset <= max(PATIENCE, step)
    assert notes[0].onset < (asked.pickup or asked.meter.bar_ticks)
    last = asked.form.bars(asked.meter)[1] + BARS_OVER
    assert max(note.end for note in notes) <= asked.pickup + last * asked.meter.bar_ticks


def test_a_symbol_ends_what_sounds_and_begins_its_pitches() -> None:
    assert recited((48,), (50, 57), (50,)) == [
        (0, 48, 6), (6, 50, 6), (6, 57, 6), (12, 50, 6),
    ]  # fmt: skip


def test_a_hold_lets_sound_on_and_a_rest_ends() -> None:
    assert recited((48, 55), HOLD, HOLD, REST, HOLD, (50,)) == [
        (0, 48, 18), (0, 55, 18), (30, 50, 6),
    ]  # fmt: skip


def test_a_hold_of_one_pitch_holds_it_alone_and_begins_it_where_it_does_not_sound() -> None:
    assert recited((48, 55), (HOLD_CODE, 55), (HOLD_CODE, 55), (HOLD_CODE, 60), REST) == [
        (0, 48, 6), (0, 55, 18), (18, 60, 6),
    ]  # fmt: skip


def test_a_border_ends_the_movement_but_not_before_one_note_was_made() -> None:
    vocabulary = said(BORDER, REST, (50,))
    assert notes_of(drafted(ScriptedSymbols(vocabulary, only(0)), movement("song"))) != ()
    assert len(recited((48,), (50,))) == 2


@pytest.mark.parametrize(
    ("asked", "pitches"), [("C", (48, 52)), ("D", (50, 54)), ("F#", (54, 58)), ("G", (43, 47))]
)
def test_the_music_is_moved_to_the_nearest_key_that_is_asked(
    asked: str, pitches: tuple[int, ...]
) -> None:
    notes = recited((48,), (52,), key=parse_key(asked))
    assert tuple(pitch for _, pitch, _ in notes) == pitches


def test_a_piece_in_minor_is_moved_from_the_tonic_that_the_network_has_in_minor() -> None:
    predictor = Reciting(said((57,), BORDER), [(57,), BORDER], homes=(7, 4))
    notes = notes_of(drafted(predictor, movement("song", key=parse_key("D minor"))))
    assert [note.pitch for note in notes] == [55]
    assert predictor.begun == [Mode.MINOR]


@given(st.integers(0, 11), st.integers(0, 11))
def test_no_key_is_farther_than_a_tritone(tonic: int, home: int) -> None:
    interval = interval_to(tonic, home)
    assert -5 <= interval <= 6
    assert (home + interval) % 12 == tonic


@given(st.integers(-20, 150), PITCHES, PITCHES)
def test_a_pitch_is_moved_by_octaves_into_any_range_of_an_octave(
    pitch: int, low: int, high: int
) -> None:
    pitches = PitchRange(min(low, high), max(low, high))
    moved = within(pitch, pitches)
    assert pitches.lowest <= moved <= pitches.highest
    if pitches.lowest <= pitch <= pitches.highest:
        assert moved == pitch
    elif pitches.highest - pitches.lowest >= 11:
        assert (moved - pitch) % 12 == 0


def test_what_is_unknown_is_never_said() -> None:
    predictor = ScriptedSymbols(said(OTHER, (50,), (52,)), only(0))
    notes_of(drafted(predictor, movement("song")))
    assert {symbol for symbol, _ in predictor.heard} == {1, 2}


@pytest.mark.parametrize("temperature", [0.05, 1.0, 5.0])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_movement_of_each_form_keeps_the_rules(form: Form, temperature: float) -> None:
    asked = movement(form.name)
    notes = notes_of(drafted(ScriptedSymbols(EVERYTHING), asked), Sampling(temperature, 1.0))
    check_rules(asked, CELLO, notes, 6)


@settings(max_examples=40)
@given(vocabularies, all_ticks, st.tuples(answers, answers), st.booleans(), st.data())
def test_no_vocabulary_predictor_or_range_can_break_the_rules(
    vocabulary: Vocabulary,
    ticks: tuple[int, ...],
    said: tuple[Answer, Answer],
    playable: bool,
    data: st.DataObject,
) -> None:
    meter = data.draw(meters.filter(lambda meter: 24 <= meter.bar_ticks <= 144))
    pickup = Ticks(data.draw(st.integers(0, meter.bar_ticks - 1)))
    asked = movement("chorale", key=data.draw(keys), meter=meter, pickup=pickup)
    pitches = PitchRange(*sorted(data.draw(st.tuples(PITCHES, PITCHES))))
    predictor = ScriptedSymbols(vocabulary, *said, ticks)
    notes = notes_of(drafted(predictor, asked, pitches), Sampling(1.0, 1.0, playable=playable))
    check_rules(asked, pitches, notes, ticks[0])


@pytest.mark.parametrize("symbol", [HOLD, REST, (HOLD_CODE, 50)])
def test_a_network_that_says_one_thing_for_ever_makes_notes_and_ends(symbol: Symbol) -> None:
    asked = movement()
    vocabulary = said(symbol, (50,), (52,))
    notes = notes_of(drafted(ScriptedSymbols(vocabulary, only(0)), asked))
    check_rules(asked, CELLO, notes, 6)
    assert len(notes) > 5


def test_without_borders_phrases_are_strung_together_until_the_goal() -> None:
    asked = movement("gigue")
    for seed in range(10):
        draft = drafted(ScriptedSymbols(said((50,), (52,), (53,))), asked, seed=seed)
        notes = notes_of(draft)
        assert (
            notes[-1].end
            == asked.pickup + Shape(asked, np.random.default_rng(seed)).goal * asked.meter.bar_ticks
        )


def test_a_border_is_likelier_from_the_goal_on() -> None:
    chances = np.array([1e-4, 0.5, 0.5], np.float32)
    asked = movement("menuet")
    lines = BarLines(((Ticks(0), asked.meter),), asked.pickup)
    over = []
    for seed in range(20):
        predictor = ScriptedSymbols(said(BORDER, (50,), (52,)), lambda _: chances)
        draft = drafted(predictor, asked, seed=seed)
        notes = notes_of(draft, BOLD)
        over.append(
            lines.place(notes[-1].onset).bar - Shape(asked, np.random.default_rng(seed)).goal
        )
    assert sum(-2 <= bars <= 5 for bars in over) >= 14
    assert max(over) <= 10


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_a_network_made_to_loop_is_led_out_of_its_loop(cell: list[int]) -> None:
    pitches = np.cumsum(cell) - np.cumsum(cell).min() + 45
    names: list[Symbol] = [(int(pitch),) for pitch in pitches]
    vocabulary = Vocabulary(tuple((pitch,) for pitch in range(36, 77)))
    predictor = Reciting(vocabulary, names)
    notes = notes_of(drafted(predictor, movement("chaconne")))
    moves = np.array([after.pitch - before.pitch for before, after in pairwise(notes)])
    assert len(moves) > 300
    for period in range(1, LONGEST_PERIOD + 1):
        breaks = np.flatnonzero(moves[period:] != moves[:-period])
        longest = np.diff(breaks, prepend=-1, append=len(moves) - period).max() - 1
        assert longest <= max(26, period + period // 2)


def test_what_is_to_be_playable_is_playable() -> None:
    chords: tuple[Symbol, ...] = ((36, 37), (36, 43), (43, 50, 59), (57, 60, 64), (50, 90))
    asked = movement()
    draft = drafted(ScriptedSymbols(said(*chords)), asked, PitchRange(36, 90))
    notes = notes_of(draft, Sampling(playable=True))
    begun = {
        tuple(note.pitch for note in notes if note.onset == onset)
        for onset in {note.onset for note in notes}
    }
    assert begun == {chord for chord in chords if is_playable(chord)}


def test_a_note_is_handed_over_as_soon_as_the_symbol_that_ends_it_is_known() -> None:
    predictor = Reciting(said((48,), HOLD, (50,), BORDER), [(48,), HOLD, (50,), BORDER])
    draft = drafted(predictor, movement("song", pickup=Ticks(0)))
    assert draft.next_note(DEFAULT) == Note(Ticks(0), Pitch(48), Ticks(12))
    assert len(predictor.heard) == 3
