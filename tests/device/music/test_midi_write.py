"""MIDI files as they leave us, byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.music.by_hand import from_hex
from tests.device.music.strategies import pieces

from playbach.errors import InputError
from playbach.music import smf
from playbach.music.form import parse_form
from playbach.music.key import parse_key
from playbach.music.meter import Meter
from playbach.music.midi import parse_midi
from playbach.music.midi_write import Placed, midi_bytes, suite_midi_bytes
from playbach.music.note import Note, Piece, Pitch, Ticks


def note(onset: int, pitch: int, duration: int) -> Note:
    return Note(Ticks(onset), Pitch(pitch), Ticks(duration))


GIGUE = Piece(
    notes=(note(0, 57, 12), note(12, 50, 36), note(12, 62, 36)),
    keys=((Ticks(0), parse_key("D minor")),),
    meters=((Ticks(0), Meter(6, 8)),),
    form=parse_form("gigue"),
    pickup=Ticks(12),
    title="Gigue",
)

GIGUE_BYTES = """
    4D 54 68 64  00 00 00 06  # MThd, 6 bytes
    00 00  00 01  01 E0       # format 0, 1 track, 480 ticks to the quarter
    4D 54 72 6B  00 00 00 68  # MTrk, 104 bytes
    00 FF 03 05  47 69 67 75 65  # name "Gigue"
    00 FF 01 1D  70 6C 61 79 62 61 63 68 20  # text "playbach "
                 66 6F 72 6D 3D 67 69 67 75 65 20  # "form=gigue "
                 70 69 63 6B 75 70 3D 31 32  # "pickup=12"
    00 C0 2A                  # program 42, cello
    00 FF 59 02  FF 01        # one flat, minor
    00 FF 58 04  01 03 0C 08  # a bar of 1/8: the pickup
    00 FF 51 03  07 A1 20     # 500,000 microseconds to the quarter: dotted quarter = 80
    00 90 39 50               # A3 begins
    81 70 FF 58 04  06 03 24 08  # 240 ticks later 6/8, 36 MIDI clocks to the beat
    00 80 39 00               # A3 ends before
    00 90 32 50  00 90 3E 50  # D3 and D4 begin
    85 50 80 32 00  00 80 3E 00  # 720 ticks later they end
    00 FF 2F 00               # end of track
"""


def test_a_gigue_in_bytes() -> None:
    written = midi_bytes(GIGUE, tempo=80, program=42)
    assert written.hex(" ") == from_hex(GIGUE_BYTES).hex(" ")


def test_the_same_piece_gives_the_same_bytes() -> None:
    assert midi_bytes(GIGUE, tempo=80) == midi_bytes(GIGUE, tempo=80)


def events(content: bytes, kind: int) -> list[smf.Event]:
    (track,) = smf.parse(content).tracks
    return [event for event in track if event.status == smf.META and event.kind == kind]


@pytest.mark.parametrize(
    ("meter", "microseconds_per_quarter"),
    [
        (Meter(4, 4), 1_000_000),
        (Meter(2, 2), 500_000),  # the half note is the beat
        (Meter(6, 8), 666_667),  # the dotted quarter is
        (Meter(3, 8), 666_667),
    ],
)
def test_the_tempo_is_that_of_the_felt_beat(meter: Meter, microseconds_per_quarter: int) -> None:
    piece = Piece((note(0, 60, 24),), meters=((Ticks(0), meter),))
    (tempo,) = events(midi_bytes(piece, tempo=60), smf.SET_TEMPO)
    assert int.from_bytes(tempo.payload) == microseconds_per_quarter


def test_the_felt_beat_keeps_its_tempo_when_the_meter_changes() -> None:
    meters = ((Ticks(0), Meter(4, 4)), (Ticks(96), Meter(3, 8)))
    content = midi_bytes(Piece((note(0, 60, 132),), meters=meters), tempo=60)
    tempi = [(e.tick, int.from_bytes(e.payload)) for e in events(content, smf.SET_TEMPO)]
    assert tempi == [(0, 1_000_000), (1920, 666_667)]


@pytest.mark.parametrize("tempo", [0.0, -1.0, 1.0, 1e9, float("nan"), float("inf")])
def test_a_tempo_that_midi_cannot_say_is_refused(tempo: float) -> None:
    with pytest.raises(InputError, match=r"tempo .* in 4/4"):
        midi_bytes(Piece((note(0, 60, 24),)), tempo=tempo)


@pytest.mark.parametrize(("program", "velocity"), [(128, 80), (-1, 80), (0, 0), (0, 128)])
def test_a_program_or_velocity_that_midi_cannot_say_is_refused(program: int, velocity: int) -> None:
    with pytest.raises(InputError, match="it must be a number from"):
        midi_bytes(GIGUE, tempo=80, program=program, velocity=velocity)


def test_a_piece_without_notes_can_be_written() -> None:
    content = midi_bytes(Piece(()), tempo=60)
    assert events(content, smf.END_OF_TRACK)[0].tick == 0


MENUET = Piece(
    notes=(note(0, 55, 72),),
    keys=((Ticks(0), parse_key("G minor")),),
    meters=((Ticks(0), Meter(3, 4)),),
    form=parse_form("menuet"),
    title="Menuet",
)


def test_a_suite_plays_its_movements_one_after_another_with_a_rest_between() -> None:
    # The gigue lasts to tick 84, a whole bar after its pickup; 3 s at 80 beats of 36 ticks a
    # minute are 144 ticks.
    suite = suite_midi_bytes(
        [Placed(GIGUE, 80, Ticks(84), rest=3.0), Placed(MENUET, 120, Ticks(72))], title="Suite 1"
    )
    piece = parse_midi(suite, name="").piece
    assert piece.notes == (*GIGUE.notes, note(228, 55, 72))
    assert [(t, str(key)) for t, key in piece.keys] == [(0, "D minor"), (228, "G minor")]
    assert [(t, str(meter)) for t, meter in piece.meters] == [(0, "6/8"), (228, "3/4")]
    assert (piece.pickup, piece.title, piece.form.name) == (12, "Suite 1", "other")


def test_every_movement_of_a_suite_has_a_marker() -> None:
    suite = suite_midi_bytes(
        [Placed(GIGUE, 80, Ticks(84), rest=3.0), Placed(MENUET, 120, Ticks(72))], title="Suite 1"
    )
    markers = [(e.tick, smf.words(e.payload)) for e in events(suite, smf.MARKER)]
    assert markers == [(0, "Gigue"), (228 * 20, "Menuet")]


def test_a_suite_lasts_to_the_end_of_its_last_bar() -> None:
    suite = suite_midi_bytes([Placed(GIGUE, 80, Ticks(84))], title="")
    assert events(suite, smf.END_OF_TRACK)[0].tick == 84 * 20


def test_a_suite_without_movements_is_refused() -> None:
    with pytest.raises(InputError, match="no movement"):
        suite_midi_bytes([], title="")


@given(st.lists(pieces(max_size=8), min_size=1, max_size=3))
def test_a_suite_loses_no_note(movements: list[Piece]) -> None:
    placed = [Placed(piece, 60, piece.end, rest=1.0) for piece in movements]
    read = parse_midi(suite_midi_bytes(placed, title=""), name="").piece
    assert [(n.pitch, n.duration) for n in read.notes] == [
        (n.pitch, n.duration) for piece in movements for n in piece.notes
    ]
