"""A saved performance sounds as it was performed, and still reads as what was written."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.music.strategies import pieces
from tests.read_back import Written, read_back

from playbach.errors import InputError
from playbach.midi.files import MAX_MICROSECONDS, Placed
from playbach.music.meter import Meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.music.performed import MOST_EXPRESSION
from playbach.performer.performer import Manner
from playbach.save.midi import midi_file, performed
from playbach.save.wav import seconds
from playbach_train.corpus.midi_files import parse_midi

SCALE = Piece(
    tuple(Note(Ticks(12 * i), Pitch(55 + abs(i % 12 - 6)), Ticks(12)) for i in range(96)),
    meters=((Ticks(0), Meter(3, 4)),),
)
PLACED = Placed(SCALE, 60.0, SCALE.end)

# In one meter, as composed movements are.
in_one_meter = pieces().map(lambda piece: replace(piece, meters=piece.meters[:1]))
placed_pieces = st.builds(
    lambda piece, tempo: Placed(piece, tempo, piece.end), in_one_meter, st.floats(40, 200)
)


def heard(written: Written) -> Iterator[tuple[float, int]]:
    """Seconds and pitch of each note as it begins."""
    tempo, last, now = 500_000, 0, 0.0
    for tick, message in written.timed:
        now += mido.tick2second(tick - last, written.division, tempo)
        last = tick
        if message.type == "set_tempo":
            tempo = message.tempo
        elif message.type == "note_on":
            yield now, message.note


@given(st.lists(placed_pieces, min_size=1, max_size=3), st.integers(0, 1000))
def test_without_expression_the_file_is_the_same_to_the_byte(
    placed: list[Placed], seed: int
) -> None:
    assert midi_file(performed(placed, Manner(0.0), seed)) == midi_file(placed)


@given(
    st.lists(placed_pieces, min_size=1, max_size=3),
    st.floats(0.01, MOST_EXPRESSION),
    st.integers(0),
)
def test_a_performance_reads_back_as_what_was_written(
    placed: list[Placed], expression: float, seed: int
) -> None:
    content = midi_file(performed(placed, Manner(expression), seed))
    even = read_back(midi_file(placed))
    ours = read_back(content)
    assert ours.notes == even.notes
    assert (ours.keys, ours.meters, ours.title) == (even.keys, even.meters, even.title)
    assert parse_midi(content, name="x") == parse_midi(midi_file(placed), name="x")


def test_edited_notes_are_read_as_they_are_played_now() -> None:
    file = read_back(midi_file(performed([PLACED], Manner(1.0), 1)))
    track = mido.MidiTrack()
    last = 0
    for tick, message in file.timed:
        changed = message
        if message.type in {"note_on", "note_off"} and message.note == 61:
            changed = message.copy(note=73)
        track.append(changed.copy(time=tick - last))
        last = tick
    edited = mido.MidiFile(ticks_per_beat=file.division, tracks=[track])
    read = parse_midi(saved(edited), name="x").piece
    assert {note.pitch for note in read.notes} >= {73}
    assert 61 not in {note.pitch for note in read.notes}


def saved(file: mido.MidiFile) -> bytes:
    into = io.BytesIO()
    file.save(file=into)
    return into.getvalue()


def test_the_tempo_curve_is_tempo_events_and_the_time_of_each_note_follows_it() -> None:
    (movement,) = performed([PLACED], Manner(1.0), 4)
    performance = movement.performance
    assert performance is not None
    file = read_back(midi_file([movement]))
    tempi = [one.tempo for _, one in file.meta("set_tempo")]
    assert len(set(tempi)) > 30
    assert all(1 <= tempo <= MAX_MICROSECONDS for tempo in tempi)
    tick = Fraction(60_000_000_000, 60 * 24)

    def at(ticks: int | Fraction) -> int:
        return round(performance.even_ticks(ticks) * tick)

    nominal = [begin / 1e9 for one in performance.notes for _, begin, _ in one.sounds(at)]
    assert [time for time, _ in heard(file)] == pytest.approx(nominal, abs=0.002)


def test_the_length_of_the_sound_is_that_of_the_performance() -> None:
    (movement,) = performed([PLACED], Manner(1.0), 4)
    assert movement.performance is not None
    assert seconds([PLACED]) == 48
    assert seconds([movement]) == pytest.approx(float(movement.performance.even_ticks(1152)) / 24)
    assert seconds([movement]) != 48


def test_the_silence_after_a_movement_is_as_long_as_without() -> None:
    two = [replace(PLACED, rest=3.0), PLACED]
    file = read_back(midi_file(performed(two, Manner(1.0), 4)))
    (second,) = (tick for tick, one in file.meta("marker") if tick)
    assert second == 1152 + 72
    tempo_between = [one.tempo for tick, one in file.meta("set_tempo") if tick == 1152]
    assert tempo_between == [1_000_000]


def test_both_halves_of_a_dance_are_slowed_for_each_time() -> None:
    dance = replace(PLACED, borders=(Ticks(288), Ticks(576), Ticks(864)))
    plain, parted = (
        performed([one], Manner(1.0), 3)[0].performance for one in (replace(PLACED), dance)
    )
    assert plain is not None
    assert parted is not None
    for line in (288, 576, 864):
        assert parted.stretch_at(line - 1) > plain.stretch_at(line - 1)


def test_velocity_stays_what_midi_allows() -> None:
    for velocity in (1, 127):
        (movement,) = performed([replace(PLACED, velocity=velocity)], Manner(MOST_EXPRESSION), 1)
        sent = [one for _, one in read_back(midi_file([movement])).timed if one.type == "note_on"]
        assert all(1 <= one.velocity <= 127 for one in sent)


def test_expression_outside_its_range_is_refused() -> None:
    with pytest.raises(InputError, match="expression 2"):
        performed([PLACED], Manner(2), 1)
