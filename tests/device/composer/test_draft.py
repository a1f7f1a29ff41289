"""A movement keeps the rules, whatever the predictor says."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.device.music.strategies import keys, meters
from tests.device.scripted import Answer, Scripted, even, nothing, only

from playbach.bundle import PitchRange
from playbach.composer.draft import Draft, heading_of
from playbach.composer.loops import LONGEST_PERIOD
from playbach.composer.playable import is_playable
from playbach.composer.settings import Sampling
from playbach.composer.shape import LAST_LASTS, LAST_ON
from playbach.composer.sounding import MOST_TOGETHER
from playbach.music.encoding import DEFAULT_ENCODING, END, Encoding
from playbach.music.form import FORMS, Form, parse_form
from playbach.music.key import C_MAJOR, Key, Mode
from playbach.music.meter import Meter
from playbach.music.note import BarLines, Note, Piece, Ticks
from playbach.predictor import Probabilities
from playbach.stream import Movement

CELLO = PitchRange(36, 76)
DEFAULT = Sampling(playable=False)
ANSWERS = {
    "even chances": even,
    "not a number": nothing,
    "the first symbol after escape": only(1),
    "the second symbol after escape": only(2),
    "the third symbol after escape": only(3),
    "the last symbol": only(-1),
    "escape": only(0),
}
answers = st.sampled_from(list(ANSWERS.values()))
PITCH = st.integers(0, 127)
LONG = DEFAULT_ENCODING.duration_symbol(288)
ODD_TABLES = (
    DEFAULT_ENCODING,
    Encoding((0,), (1, 3000), 1, ("other",), ()),
    Encoding((500,), (500,), 3, ("other",), ()),
    Encoding((0, 1), (4000,), 127, ("other",), ()),
    Encoding((7, 11), (5,), 40, ("other",), ()),
)


def movement(form: str = "menuet", **changes: object) -> Movement:
    chosen = parse_form(form)
    meter = chosen.meters[0]
    pickup = Ticks(chosen.upbeat_ticks(meter))
    usual = Movement(1, 1, chosen, C_MAJOR, meter, 80, pickup)
    return Movement(**{name: getattr(usual, name) for name in usual.__slots__} | changes)


def drafted(
    predictor: Scripted, asked: Movement, pitches: PitchRange = CELLO, seed: int = 1
) -> Draft:
    return Draft(predictor, pitches, asked, np.random.default_rng(seed))


def notes_of(draft: Draft, sampling: Sampling = DEFAULT) -> tuple[Note, ...]:
    notes: list[Note] = []
    while (note := draft.next_note(sampling)) is not None:
        notes.append(note)
        assert len(notes) < 100_000
    return tuple(notes)


def check_rules(asked: Movement, pitches: PitchRange, notes: tuple[Note, ...]) -> None:
    # Refuses notes out of order, out of MIDI's range, or struck while they sound.
    piece = Piece(notes, ((Ticks(0), asked.key),), ((Ticks(0), asked.meter),), pickup=asked.pickup)
    assert all(pitches.lowest <= note.pitch <= pitches.highest for note in notes)
    for before, note in pairwise(notes):
        assert note.onset > before.onset or note.pitch > before.pitch
    onsets = [note.onset for note in notes]
    assert max(onsets.count(onset) for onset in set(onsets)) <= MOST_TOGETHER
    assert notes[0].onset < (asked.pickup or asked.meter.bar_ticks)
    lines = BarLines(piece.meters, asked.pickup)
    assert lines.place(notes[-1].onset).bar >= asked.form.bars(asked.meter)[0]


def check_shape(asked: Movement, notes: tuple[Note, ...], *, playable: bool = False) -> None:
    """Opens and ends as its form does; holds where the range has every degree of the scale."""
    degrees = [(note.pitch - asked.key.tonic) % 12 for note in notes]
    third = 3 if asked.key.mode is Mode.MINOR else 4
    opens = asked.form.opens
    if asked.pickup:
        assert degrees[0] in (0, third, 7)
        downbeat = next(i for i, note in enumerate(notes) if note.onset >= asked.pickup)
        # A hand that still holds the notes of the upbeat may have to let the bar line pass.
        assert playable or notes[downbeat].onset == asked.pickup
        sounding = {note.pitch for note in notes[:downbeat] if note.end > asked.pickup}
        held = any((pitch - asked.key.tonic) % 12 in opens for pitch in sounding)
        assert playable or held or degrees[0] in opens or degrees[downbeat] in opens
    else:
        assert degrees[0] in opens
    last = next(i for i, note in enumerate(notes) if note.onset == notes[-1].onset)
    assert degrees[last] == 0
    place = BarLines(((Ticks(0), asked.meter),), asked.pickup).place(notes[last].onset)
    fewest, most = asked.form.bars(asked.meter)
    # Where no rest could be made in time, the last shift and the last note may take theirs.
    late = 2 * DEFAULT_ENCODING.shifts[-1] // asked.meter.bar_ticks
    assert fewest <= place.bar <= most + late + 2
    assert place.tick % LAST_ON == 0
    assert max(note.end for note in notes) - notes[last].onset >= LAST_LASTS


@pytest.mark.parametrize("temperature", [0.05, 1.0, 5.0])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_movement_of_each_form_keeps_the_rules(form: Form, temperature: float) -> None:
    asked = movement(form.name)
    draft = drafted(Scripted(), asked)
    notes = notes_of(draft, Sampling(temperature, 1.0, playable=False))
    check_rules(asked, CELLO, notes)
    check_shape(asked, notes)


@settings(max_examples=30)
@given(
    st.tuples(answers, answers, answers),
    st.sampled_from([0.05, 1.0, 5.0]),
    st.sampled_from(ODD_TABLES),
    st.data(),
)
def test_no_predictor_tables_or_range_can_break_the_rules(
    said: tuple[Answer, Answer, Answer],
    temperature: float,
    tables: Encoding,
    data: st.DataObject,
) -> None:
    meter = data.draw(meters.filter(lambda meter: 24 <= meter.bar_ticks <= 144))
    pickup = Ticks(data.draw(st.integers(0, meter.bar_ticks - 1)))
    asked = movement("chorale", key=data.draw(keys), meter=meter, pickup=pickup)
    pitches = PitchRange(*sorted(data.draw(st.tuples(PITCH, PITCH))))
    draft = drafted(Scripted(*said, encoding=tables), asked, pitches)
    notes = notes_of(draft, Sampling(temperature, 1.0, playable=False))
    check_rules(asked, pitches, notes)


@pytest.mark.parametrize("pitch", ANSWERS.values(), ids=ANSWERS)
def test_when_every_pitch_sounds_the_music_waits(pitch: Answer) -> None:
    asked = movement()
    pitches = PitchRange(60, 62)
    draft = drafted(Scripted(only(3), pitch, only(LONG)), asked, pitches)
    notes = notes_of(draft)
    check_rules(asked, pitches, notes)


def test_a_predictor_that_always_repeats_comes_to_an_end() -> None:
    quarter = DEFAULT_ENCODING.shift_symbol(24)
    unison = DEFAULT_ENCODING.pitch_symbol(0)
    same = DEFAULT_ENCODING.duration_symbol(24)
    asked = movement()
    draft = drafted(Scripted(only(quarter), only(unison), only(same)), asked)
    notes = notes_of(draft)
    check_rules(asked, CELLO, notes)
    fewest, most = asked.form.bars(asked.meter)
    assert fewest <= notes[-1].onset // asked.meter.bar_ticks + 1 <= most
    assert notes[-1].pitch % 12 == asked.key.tonic


def test_a_movement_that_wants_to_end_does_so_on_the_tonic_after_its_fewest_bars() -> None:
    asked = movement()
    eager = np.array([0, 0.9, *[0.1] * (DEFAULT_ENCODING.shift_symbols - 2)], np.float32)
    draft = drafted(Scripted(lambda _: eager), asked)
    notes = notes_of(draft, Sampling(0.05, 0.9, playable=False))
    check_rules(asked, CELLO, notes)
    last_onset = [note for note in notes if note.onset == notes[-1].onset]
    assert last_onset[0].pitch % 12 == asked.key.tonic


def test_the_predictor_is_told_what_is_asked_and_each_note() -> None:
    asked = movement("bourree")
    predictor = Scripted()
    notes = notes_of(drafted(predictor, asked))
    assert predictor.headings == [heading_of(asked)]
    onset = 0
    for note, (shift, pitch, duration) in zip(notes, predictor.heard, strict=True):
        onset += shift
        assert (note.onset, note.pitch, note.duration) == (onset, pitch, duration)


def test_a_range_far_from_the_key_is_reached_at_once() -> None:
    narrow = Encoding(DEFAULT_ENCODING.shifts, DEFAULT_ENCODING.durations, 2, ("other",), ())
    pitches = PitchRange(110, 115)
    asked = movement(meter=Meter(3, 4))
    draft = drafted(Scripted(encoding=narrow), asked, pitches)
    check_rules(asked, pitches, notes_of(draft))


@pytest.mark.parametrize("form", ["prelude", "menuet", "gigue"])
def test_movements_of_a_network_that_hardly_ends_have_the_lengths_of_their_form(form: str) -> None:
    def walking(symbols: int) -> Probabilities:
        chances = np.zeros(symbols, np.float32)
        chances[DEFAULT_ENCODING.shift_symbol(12)] = 1
        chances[END] = 0.01
        return chances

    asked = movement(form)
    lines = BarLines(((Ticks(0), asked.meter),), asked.pickup)
    bars = []
    for seed in range(20):
        notes = notes_of(drafted(Scripted(walking), asked, seed=seed))
        bars.append(lines.place(notes[-1].onset).bar)
    fewest, most = asked.form.bars(asked.meter)
    assert sum(fewest <= bar <= most for bar in bars) >= 18
    assert len(set(bars)) > 1


class Looping(Scripted):
    """Says the same cell of intervals over and over, with hardly a doubt, in eighth notes."""

    def __init__(self, cell: Sequence[int]) -> None:
        eighth = DEFAULT_ENCODING.shift_symbol(12)
        super().__init__(shift=only(eighth), duration=only(DEFAULT_ENCODING.duration_symbol(12)))
        self._cell = cell

    def pitch(self, shift: int, memory: float = 1.0) -> Probabilities:
        del shift, memory
        chances = np.full(self.encoding.pitch_symbols, 1e-6, np.float32)
        interval = self._cell[len(self.heard) % len(self._cell)]
        chances[self.encoding.pitch_symbol(interval)] = 1
        return chances


CELLS = {
    "a note": [0],
    "a trill": [2, -2],
    "a turn": [2, -1, -1],
    "a figure": [4, 3, -3, -4, 7, -7],
    "a phrase of 40 notes": [2, 1, 2, -5] * 9 + [7, -3, -2, -2],
}


@pytest.mark.parametrize("temperature", [0.2, 0.5, 0.8, 1.0, 1.5])
@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_a_network_made_to_loop_is_led_out_of_its_loop(cell: list[int], temperature: float) -> None:
    notes = notes_of(
        drafted(Looping(cell), movement("chaconne")), Sampling(temperature, playable=False)
    )
    moves = np.array([after.pitch - before.pitch for before, after in pairwise(notes)])
    assert len(moves) > 300
    for period in range(1, LONGEST_PERIOD + 1):
        breaks = np.flatnonzero(moves[period:] != moves[:-period])
        longest = np.diff(breaks, prepend=-1, append=len(moves) - period).max() - 1
        # Somewhat more than the 24 notes that Bach repeats; half as much again for a long phrase.
        assert longest <= max(26, period + period // 2)


def test_what_is_to_be_playable_is_playable_whatever_the_predictor_says() -> None:
    together = np.full(DEFAULT_ENCODING.shift_symbols, 0.01, np.float32)
    together[DEFAULT_ENCODING.shift_symbol(0)] = 1
    for said in (even, only(LONG), only(DEFAULT_ENCODING.duration_symbol(12))):
        predictor = Scripted(lambda _: together, even, said)
        notes = notes_of(drafted(predictor, movement()), Sampling(playable=True))
        chords = 0
        for onset in {note.onset for note in notes}:
            begun = [note.pitch for note in notes if note.onset == onset]
            held = [note.pitch for note in notes if note.onset < onset < note.end]
            chords += len(begun) > 1
            assert is_playable(begun, held)
        assert chords > 5


def test_a_range_that_no_cello_has_is_composed_in_all_the_same() -> None:
    pitches = PitchRange(100, 110)
    asked = movement()
    notes = notes_of(drafted(Scripted(), asked, pitches), Sampling(playable=True))
    check_rules(asked, pitches, notes)


DANCES = [form.name for form in FORMS if form.is_binary]


@pytest.mark.parametrize("form", DANCES)
def test_every_dance_has_a_double_bar_that_no_note_sounds_over(form: str) -> None:
    asked = movement(form)
    for seed in range(6):
        draft = drafted(Scripted(), asked, seed=seed)
        notes = notes_of(draft)
        line = draft.double_bar
        assert 0.2 <= line / notes[-1].end < 0.6
        assert line % (4 * asked.meter.bar_ticks) == 0
        assert all(note.end <= line for note in notes if note.onset < line)
        first = [note for note in notes if note.onset < line]
        last = next(note for note in first if note.onset == first[-1].onset)
        assert (last.pitch - asked.key.tonic) % 12 == 7
        assert max(note.end for note in first) - last.onset >= LAST_LASTS


@pytest.mark.parametrize("form", ["prelude", "bourree", "gigue"])
def test_a_movement_ends_in_the_bar_that_was_planned_with_the_chord_that_was(form: str) -> None:
    asked = movement(form)
    lines = BarLines(((Ticks(0), asked.meter),), asked.pickup)
    sizes = []
    for seed in range(12):
        draft = drafted(Scripted(), asked, seed=seed)
        notes = notes_of(draft)
        assert lines.place(notes[-1].onset).bar == len(draft.plan.bars)
        chord = [note.pitch for note in notes if note.onset == notes[-1].onset]
        assert {(pitch - asked.key.tonic) % 12 for pitch in chord} <= {0, 4, 7}
        assert len(chord) <= draft.plan.habits.final
        sizes.append(len(chord))
    assert len(set(sizes)) > 1


def test_a_fugue_opens_with_one_voice() -> None:
    asked = movement("fugue")
    together = np.full(DEFAULT_ENCODING.shift_symbols, 0.05, np.float32)
    together[DEFAULT_ENCODING.shift_symbol(0)] = 1
    draft = drafted(Scripted(lambda _: together), asked)
    notes = notes_of(draft)
    onsets = [note.onset for note in notes]
    chords = [onset for onset in onsets if onsets.count(onset) > 1]
    assert chords[0] >= draft.plan.alone * asked.meter.bar_ticks > 0


def test_a_movement_in_a_range_of_a_fifth_closes_and_says_what_it_gave_up() -> None:
    asked = movement("sarabande", key=Key(2, Mode.MINOR))
    pitches = PitchRange(50, 57)
    draft = drafted(Scripted(), asked, pitches)
    notes = notes_of(draft)
    check_rules(asked, pitches, notes)
    assert notes[-1].pitch in (50, 53, 57)
    assert draft.plan.given_up == ("a register of 7 semitones, the instrument has no more",)
