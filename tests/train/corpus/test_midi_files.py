"""Reading MIDI files that other programs wrote."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.music.strategies import pieces
from tests.train.corpus.midi_by_hand import midi_file

from playbach.midi.files import midi_bytes
from playbach.music.grid import without_overlaps
from playbach.music.key import Key, Mode
from playbach.music.meter import Meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach_train.corpus.interpretation import ReadResult
from playbach_train.corpus.midi_files import parse_midi, read_midi

C4, E4 = 60, 64


def read(*tracks: str, kind: int = 1, division: int = 96, name: str = "untitled") -> ReadResult:
    return parse_midi(midi_file(*tracks, kind=kind, division=division), name=name)


def note(onset: int, pitch: int, duration: int) -> Note:
    return Note(Ticks(onset), Pitch(pitch), Ticks(duration))


def test_running_status_and_note_on_with_velocity_zero_are_understood() -> None:
    piece = read("""
        00 90 3C 50  # C4 begins
        60    3C 00  # a quarter later it ends: no status byte, velocity 0
        00    40 50  # E4 begins
        30    40 00  # and ends after an eighth
    """).piece
    assert piece.notes == (note(0, C4, 24), note(24, E4, 12))


def test_a_running_status_outlives_a_text_between_two_notes() -> None:
    piece = read("00 90 3C 50  60 FF 01 01 41  00 3C 00").piece
    assert piece.notes == (note(0, C4, 24),)


def test_tracks_play_together_and_the_drum_channel_is_left_out() -> None:
    result = read(
        "00 90 3C 50  60 80 3C 00",
        "00 91 40 50  60 81 40 00",
        "00 99 23 50  60 89 23 00  # a bass drum",
    )
    assert result.piece.notes == (note(0, C4, 24), note(0, E4, 24))


def test_a_file_of_format_0_is_read() -> None:
    assert read("00 90 3C 50  60 80 3C 00", kind=0).piece.notes == (note(0, C4, 24),)


def test_unknown_chunks_system_exclusive_and_controllers_are_skipped() -> None:
    track = "00 F0 03 01 02 F7  00 B0 07 64  00 E0 00 40  00 90 3C 50  60 80 3C 00"
    content = midi_file(track)
    with_stranger = content[:14] + b"XFIH" + (2).to_bytes(4) + b"hi" + content[14:]
    assert parse_midi(with_stranger, name="").piece.notes == (note(0, C4, 24),)


def test_a_note_that_is_never_released_lasts_to_the_end_of_its_track() -> None:
    assert read("00 90 3C 50  60 B0 07 64").piece.notes == (note(0, C4, 24),)


def test_of_two_equal_pitches_in_a_channel_the_first_struck_is_the_first_released() -> None:
    result = read("00 90 3C 50  30 90 3C 50  30 80 3C 00  30 80 3C 00")
    assert result.piece.notes == (note(0, C4, 12), note(12, C4, 24))
    assert result.merged == 1


def test_onsets_and_ends_go_to_the_nearest_tick_and_are_counted() -> None:
    # 100 to the quarter: 51 file ticks are 12.24 of ours, 52 are 12.48, 25 are exactly 6.
    result = read("33 90 3C 50  01 80 3C 00", "19 90 40 50  19 80 40 00", division=100)
    assert result.piece.notes == (note(6, E4, 6), note(12, C4, 1))
    assert result.off_grid == 1


def test_a_note_without_length_lasts_one_tick() -> None:
    result = read("00 90 3C 50  00 80 3C 00")
    assert result.piece.notes == (note(0, C4, 1),)
    assert result.off_grid == 1


def test_a_unison_keeps_the_longer_note() -> None:
    assert without_overlaps([note(0, C4, 12), note(0, C4, 48)]) == ((note(0, C4, 48),), 1)


def test_a_note_ends_where_the_next_of_its_pitch_begins() -> None:
    notes, merged = without_overlaps([note(0, C4, 96), note(24, C4, 24), note(48, C4, 24)])
    assert notes == (note(0, C4, 24), note(24, C4, 24), note(48, C4, 24))
    assert merged == 1


KEY_SIGNATURES = [
    ("00 00", Key(0, Mode.MAJOR)),
    ("00 01", Key(9, Mode.MINOR)),
    ("FF 01", Key(2, Mode.MINOR)),  # one flat, minor: D minor
    ("FE 00", Key(10, Mode.MAJOR)),  # two flats: B flat major
    ("03 00", Key(9, Mode.MAJOR)),
    ("07 00", Key(1, Mode.MAJOR)),  # seven sharps: C sharp major
    ("F9 01", Key(8, Mode.MINOR)),  # seven flats: A flat minor
]


@pytest.mark.parametrize(("signature", "key"), KEY_SIGNATURES)
def test_a_key_signature_gives_tonic_and_mode(signature: str, key: Key) -> None:
    piece = read(f"00 FF 59 02 {signature}  00 90 3C 50  60 80 3C 00").piece
    assert piece.keys == ((0, key),)


@pytest.mark.parametrize("nonsense", ["02 09 00", "02 00 02", "01 00", "00"])
def test_a_key_signature_without_sense_is_as_if_missing(nonsense: str) -> None:
    track = f"00 FF 59 {nonsense}  00 90 37 50  60 80 37 00  00 90 43 50 60 80 43 00"
    result = read(track)
    assert result.piece.keys == ((0, Key(7, Mode.MAJOR)),)
    assert result.remarks == ("a key signature without sense was left out",)


def test_a_key_changes_only_to_another_key_and_the_last_at_a_tick_counts() -> None:
    piece = read("""
        00 FF 59 02 00 00  00 FF 59 02 01 00  # C major, no: G major
        00 90 3C 50  60 80 3C 00
        00 FF 59 02 01 00                     # G major as before
        60 FF 59 02 FE 01                     # G minor
    """).piece
    assert piece.keys == ((0, Key(7, Mode.MAJOR)), (48, Key(7, Mode.MINOR)))


def test_meters_are_kept_with_their_ticks() -> None:
    piece = read(
        "00 FF 58 04 03 02 18 08  83 60 FF 58 04 06 03 24 08",  # 3/4, after 480 ticks 6/8
        "00 90 3C 50  60 80 3C 00",
    ).piece
    assert piece.meters == ((0, Meter(3, 4)), (120, Meter(6, 8)))


def test_without_a_time_signature_the_meter_is_four_quarters() -> None:
    assert read("00 90 3C 50  60 80 3C 00").piece.meters == ((0, Meter(4, 4)),)


def test_a_short_first_bar_is_a_pickup() -> None:
    piece = read("""
        00 FF 58 04 01 03 0C 08  # 1/8
        00 90 3C 50  30 80 3C 00
        00 FF 58 04 03 02 18 08  # 3/4 from the first bar line
        00 90 40 50  60 80 40 00
    """).piece
    assert piece.pickup == 12
    assert piece.meters == ((0, Meter(3, 4)),)


def test_a_pickup_that_we_wrote_ourselves_is_believed() -> None:
    text = b"playbach form=gigue pickup=12".hex()
    piece = read(f"00 FF 01 1D {text}  00 90 3C 50  60 80 3C 00").piece
    assert (piece.form.name, piece.pickup) == ("gigue", 12)


@pytest.mark.parametrize("pickup", ["96", "9999", "99999999", "-1", "x"])
def test_a_pickup_that_cannot_be_is_not_believed(pickup: str) -> None:
    text = f"playbach form=gigue pickup={pickup}".encode()
    track = f"00 FF 01 {len(text):02X} {text.hex()}  00 90 3C 50  60 80 3C 00"
    assert read(track).piece.pickup == 0


def test_a_form_of_a_later_version_is_a_piece() -> None:
    text = b"playbach form=tango pickup=0"
    track = f"00 FF 01 {len(text):02X} {text.hex()}  00 90 3C 50  60 80 3C 00"
    assert read(track).piece.form.name == "other"


def named(title: bytes, name: str) -> ReadResult:
    return read(f"00 FF 03 {len(title):02X} {title.hex()}  00 90 3C 50  60 80 3C 00", name=name)


def test_form_and_title_come_from_the_track_name_if_it_names_a_form() -> None:
    piece = named("Bourrée I".encode(), "track07").piece
    assert (piece.form.name, piece.title) == ("bourree", "Bourrée I")


def test_form_and_title_come_from_the_file_name_otherwise() -> None:
    piece = named(b"Suite 1 for Cello Solo", "bwv1007-4-sarabande").piece
    assert (piece.form.name, piece.title) == ("sarabande", "bwv1007-4-sarabande")


def test_a_track_name_in_latin_1_is_understood() -> None:
    assert named("Bourrée".encode("latin-1"), "").piece.title == "Bourrée"


def test_a_title_is_one_printable_line() -> None:
    assert named(b"Menuet\r\n\x1b[31m  II\x00", "").piece.title == "Menuet [31m II"


@given(st.integers(1, 32767), st.integers(0, 2**21 - 1))
def test_no_onset_moves_further_than_half_a_tick(division: int, tick: int) -> None:
    tick = min(tick, 99_999 * division)
    delta = bytes([0x80 | tick >> 14, 0x80 | tick >> 7 & 127, tick & 127]).hex()
    onset = read(f"{delta} 90 3C 50  01 80 3C 00", division=division).piece.notes[0].onset
    assert abs(onset * division - tick * 24) <= division / 2


@given(pieces(), st.sampled_from([30.0, 76.0, 300.0]))
def test_any_piece_on_the_grid_survives_the_round_trip(piece: Piece, tempo: float) -> None:
    result = parse_midi(midi_bytes(piece, tempo=tempo), name="unused")
    assert replace(result, guessed=()) == ReadResult(piece, upbeat=result.upbeat)


def test_a_controller_above_127_is_clipped_and_said() -> None:
    result = read("00 B0 07 90  00 90 3C 50  60 80 3C 00")
    assert result.piece.notes == (note(0, C4, 24),)
    assert result.remarks == ("values above 127 were taken for 127",)


def test_a_file_in_a_riff_wrapper_is_read() -> None:
    content = midi_file("00 90 3C 50  60 80 3C 00")
    size = len(content)
    wrapped = b"RIFF" + (size + 12).to_bytes(4, "little") + b"RMIDdata" + size.to_bytes(4, "little")
    assert parse_midi(wrapped + content, name="").piece.notes == (note(0, C4, 24),)


def test_fewer_tracks_than_the_header_says_are_read_and_said() -> None:
    whole = midi_file("00 90 3C 50  60 80 3C 00", "00 90 40 50  60 80 40 00")
    (size,) = {len(part) for part in whole.split(b"MTrk")[1:]}
    result = parse_midi(whole[: -size - 4], name="")
    assert result.piece.notes == (note(0, C4, 24),)
    assert result.remarks == ("1 of 2 tracks are there",)


SCORES = Path(__file__).parents[4] / "shared" / "data"


@pytest.mark.skipif(not SCORES.is_dir(), reason=f"no scores in {SCORES}")
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("cello-suites/bwv1007-1-prelude.mid", "prelude in G major, 4/4, pickup 0, 656 notes"),
        ("cello-suites/bwv1008-7-gigue.mid", "gigue in D minor, 3/8, pickup 12, 407 notes"),
        ("cello-suites/bwv1010-7-gigue.mid", "gigue in Eb major, 12/8, pickup 12, 483 notes"),
        ("bach-solo/bwv1004-5-ciaccona.mid", "chaconne in D minor, 3/4, pickup 48, 3085 notes"),
        ("bach-solo/bwv996-5-bourree.mid", "bourree in E minor, 2/2, pickup 24, 233 notes"),
    ],
)
def test_scores_are_read_as_they_are_printed(file: str, expected: str) -> None:
    piece = read_midi(SCORES / file).piece
    key, meter = piece.keys[0][1], piece.meters[0][1]
    found = f"{piece.form.name} in {key}, {meter}, pickup {piece.pickup}, {len(piece.notes)} notes"
    assert found == expected
