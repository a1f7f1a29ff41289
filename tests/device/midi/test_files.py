"""MIDI files as they leave us, byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.music.strategies import pieces
from tests.read_back import read_back

from playbach.errors import InputError
from playbach.midi.files import Placed, midi_bytes, suite_midi_bytes, variable_bytes
from playbach.music.form import parse_form
from playbach.music.key import parse_key
from playbach.music.meter import Meter
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
    lines = (line.partition("#")[0] for line in GIGUE_BYTES.splitlines())
    assert written == bytes.fromhex(" ".join(lines))


def test_the_same_piece_gives_the_same_bytes() -> None:
    assert midi_bytes(GIGUE, tempo=80) == midi_bytes(GIGUE, tempo=80)


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
    ((_, sign),) = read_back(midi_bytes(piece, tempo=60)).meta("set_tempo")
    assert sign.tempo == microseconds_per_quarter


def test_the_felt_beat_keeps_its_tempo_when_the_meter_changes() -> None:
    meters = ((Ticks(0), Meter(4, 4)), (Ticks(96), Meter(3, 8)))
    content = midi_bytes(Piece((note(0, 60, 132),), meters=meters), tempo=60)
    tempi = [(tick, sign.tempo) for tick, sign in read_back(content).meta("set_tempo")]
    assert tempi == [(0, 1_000_000), (96, 666_667)]


@pytest.mark.parametrize("tempo", [0.0, -1.0, 1.0, 1e9, float("nan"), float("inf")])
def test_a_tempo_that_midi_cannot_say_is_refused(tempo: float) -> None:
    with pytest.raises(InputError, match=r"tempo .* in 4/4"):
        midi_bytes(Piece((note(0, 60, 24),)), tempo=tempo)


@pytest.mark.parametrize(("program", "velocity"), [(128, 80), (-1, 80), (0, 0), (0, 128)])
def test_a_program_or_velocity_that_midi_cannot_say_is_refused(program: int, velocity: int) -> None:
    with pytest.raises(InputError, match="it must be a number from"):
        midi_bytes(GIGUE, tempo=80, program=program, velocity=velocity)


def test_a_piece_without_notes_can_be_written() -> None:
    ((tick, _),) = read_back(midi_bytes(Piece(()), tempo=60)).meta("end_of_track")
    assert tick == 0


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
    written = read_back(suite)
    assert written.notes == (*GIGUE.notes, note(228, 55, 72))
    assert [(t, str(key)) for t, key in written.keys] == [(0, "D minor"), (228, "G minor")]
    meters = [(t, str(meter)) for t, meter in written.meters]
    assert meters == [(0, "1/8"), (12, "6/8"), (228, "3/4")]
    assert written.title == "Suite 1"
    assert [text.text for _, text in written.meta("text")] == ["playbach form=other pickup=12"]


def test_every_movement_of_a_suite_has_a_marker() -> None:
    suite = suite_midi_bytes(
        [Placed(GIGUE, 80, Ticks(84), rest=3.0), Placed(MENUET, 120, Ticks(72))], title="Suite 1"
    )
    markers = [(tick, marker.text) for tick, marker in read_back(suite).meta("marker")]
    assert markers == [(0, "Gigue"), (228, "Menuet")]


def test_a_suite_lasts_to_the_end_of_its_last_bar() -> None:
    suite = suite_midi_bytes([Placed(GIGUE, 80, Ticks(84))], title="")
    ((tick, _),) = read_back(suite).meta("end_of_track")
    assert tick == 84


def test_a_suite_without_movements_is_refused() -> None:
    with pytest.raises(InputError, match="no movement"):
        suite_midi_bytes([], title="")


@given(st.lists(pieces(max_size=8), min_size=1, max_size=3))
def test_a_suite_loses_no_note(movements: list[Piece]) -> None:
    placed = [Placed(piece, 60, piece.end, rest=1.0) for piece in movements]
    written = read_back(suite_midi_bytes(placed, title=""))
    assert [(n.pitch, n.duration) for n in written.notes] == [
        (n.pitch, n.duration) for piece in movements for n in piece.notes
    ]


@given(pieces(), st.sampled_from([30.0, 76.0, 300.0]))
def test_somebody_else_reads_the_piece_that_was_written(piece: Piece, tempo: float) -> None:
    assert read_back(midi_bytes(piece, tempo=tempo)).piece == piece


# The examples in the specification of Standard MIDI Files.
VARIABLE_LENGTHS = [
    (0x00, "00"),
    (0x40, "40"),
    (0x7F, "7f"),
    (0x80, "81 00"),
    (0x2000, "c0 00"),
    (0x3FFF, "ff 7f"),
    (0x4000, "81 80 00"),
    (0x1FFFFF, "ff ff 7f"),
    (0x200000, "81 80 80 00"),
    (0x0FFFFFFF, "ff ff ff 7f"),
]


@pytest.mark.parametrize(("number", "written"), VARIABLE_LENGTHS)
def test_numbers_of_variable_length_are_as_specified(number: int, written: str) -> None:
    assert variable_bytes(number).hex(" ") == written
