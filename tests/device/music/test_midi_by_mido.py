"""Somebody else's reader finds in our files the notes that we put there."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from tests.device.music.strategies import pieces

from playbach.music.midi_write import SCALE, midi_bytes
from playbach.music.note import Note, Piece, Pitch, Ticks

mido = pytest.importorskip("mido", reason="mido is not installed (test group)")


def notes_by_mido(content: bytes) -> list[Note]:
    sounding: dict[int, int] = {}
    notes = []
    time = 0
    for message in mido.merge_tracks(mido.MidiFile(file=io.BytesIO(content)).tracks):
        time += message.time
        if message.type == "note_on" and message.velocity:
            sounding[message.note] = time
        elif message.type in {"note_on", "note_off"}:
            onset = sounding.pop(message.note)
            ticks = (Ticks(onset // SCALE), Ticks((time - onset) // SCALE))
            notes.append(Note(ticks[0], Pitch(message.note), ticks[1]))
    assert not sounding
    return sorted(notes)


@given(pieces())
def test_mido_reads_the_notes_we_wrote(piece: Piece) -> None:
    assert notes_by_mido(midi_bytes(piece, tempo=76.0)) == sorted(piece.notes)


@given(pieces())
def test_mido_agrees_on_the_length_of_a_quarter_and_on_the_first_meter(piece: Piece) -> None:
    file = mido.MidiFile(file=io.BytesIO(midi_bytes(piece, tempo=76.0)))
    assert file.ticks_per_beat == 24 * SCALE
    meters = [message for message in file.tracks[0] if message.type == "time_signature"]
    felt = {(message.numerator, message.denominator) for message in meters}
    assert {(meter.count, meter.unit) for _, meter in piece.meters} <= felt
