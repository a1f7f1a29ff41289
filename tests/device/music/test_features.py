"""What the network is told of any piece stays inside its tables, and says what it should."""

from __future__ import annotations

from hypothesis import given
from tests.device.music.strategies import pieces

from playbach.music.encoding import DEFAULT_ENCODING, Encoding, encode
from playbach.music.features import (
    Feature,
    feature_tables,
    row_count,
    row_offsets,
)
from playbach.music.form import parse_form
from playbach.music.key import PITCH_CLASSES, Key, Mode
from playbach.music.meter import Meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.music.tracker import Tracker

TABLES = feature_tables(DEFAULT_ENCODING)
SMALL = Encoding((0, 12), (12,), 2, ("other",), ())


def values(rows: list[int], features: tuple[Feature, ...]) -> dict[str, int]:
    offsets = row_offsets(features)
    return {
        feature.name: row - offset
        for feature, row, offset in zip(features, rows, offsets, strict=True)
    }


def check_inside(rows: list[int], features: tuple[Feature, ...]) -> None:
    for feature, value in zip(features, values(rows, features).values(), strict=True):
        assert 0 <= value < feature.size, feature.name


@given(pieces())
def test_rows_stay_inside_their_tables_for_any_piece(piece: Piece) -> None:
    heading, events = encode(piece)
    for encoding in (DEFAULT_ENCODING, SMALL):
        tables = feature_tables(encoding)
        tracker = Tracker(encoding, heading)
        for event, note in zip(events, piece.notes, strict=True):
            check_inside(tracker.note_rows(), tables.note)
            check_inside(tracker.pitch_rows(event.shift), tables.pitch)
            check_inside(tracker.duration_rows(event.shift, note.pitch), tables.duration)
            tracker.advance(event.shift, note.pitch, event.duration)
            assert (tracker.onset, tracker.pitch) == (note.onset, note.pitch)
            assert 0 <= tracker.degree < 2 * PITCH_CLASSES
        check_inside(tracker.note_rows(), tables.note)


@given(pieces(max_size=10))
def test_asking_changes_nothing(piece: Piece) -> None:
    heading, events = encode(piece)
    tracker = Tracker(DEFAULT_ENCODING, heading)
    for event, note in zip(events, piece.notes, strict=True):
        before = tracker.note_rows()
        tracker.pitch_rows(17)
        tracker.duration_rows(400, 3)
        assert tracker.note_rows() == before
        tracker.advance(event.shift, note.pitch, event.duration)


def test_offsets_stack_the_tables_without_gaps() -> None:
    features = (Feature("a", 3), Feature("b", 5), Feature("c", 2))
    assert row_offsets(features) == (0, 3, 8)
    assert row_count(features) == 10


def test_a_sarabande_in_d_minor_is_described_as_such() -> None:
    piece = Piece(
        (Note(Ticks(0), Pitch(50), Ticks(24)), Note(Ticks(0), Pitch(57), Ticks(24))),
        keys=((Ticks(0), Key(2, Mode.MINOR)),),
        meters=((Ticks(0), Meter(3, 4)),),
        form=parse_form("sarabande"),
    )
    tracker = Tracker(DEFAULT_ENCODING, encode(piece)[0])
    start = values(tracker.note_rows(), TABLES.note)
    assert start["shift"] == DEFAULT_ENCODING.shift_symbols  # the start of the piece
    assert start["form"] == DEFAULT_ENCODING.forms.index("sarabande")
    assert start["meter"] == 1 + DEFAULT_ENCODING.meters.index("3/4")
    assert start["degree"] == 12  # the tonic, in minor
    tracker.advance(0, 50, 24)
    first = values(tracker.note_rows(), TABLES.note)
    assert (first["interval"], first["stack"], first["bar"]) == (37, 0, 1)
    above = values(tracker.duration_rows(0, 57), TABLES.duration)
    assert (above["degree"], above["stack"], above["position"]) == (12 + 7, 1, 0)
    later = values(tracker.pitch_rows(84), TABLES.pitch)
    # 84 ticks: the second bar of 72, its first beat, 12 ticks on.
    assert (later["position"], later["phase"], later["stack"]) == (12, 12, 0)


def test_a_pickup_is_the_end_of_bar_0() -> None:
    piece = Piece(
        (Note(Ticks(0), Pitch(55), Ticks(6)), Note(Ticks(6), Pitch(43), Ticks(6))),
        pickup=Ticks(6),
    )
    tracker = Tracker(DEFAULT_ENCODING, encode(piece)[0])
    note = values(tracker.note_rows(), TABLES.note)
    assert (note["bar"], note["position"], note["phase"]) == (0, 90, 18)
    downbeat = values(tracker.pitch_rows(6), TABLES.pitch)
    assert (downbeat["position"], downbeat["phase"]) == (0, 0)


def test_a_form_or_meter_the_tables_lack_has_row_0() -> None:
    piece = Piece((), meters=((Ticks(0), Meter(7, 16)),), form=parse_form("gigue"))
    note = values(Tracker(SMALL, encode(piece)[0]).note_rows(), feature_tables(SMALL).note)
    assert (note["form"], note["meter"]) == (0, 0)
