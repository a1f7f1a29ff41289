"""Files that are no music: each is one clear line, whatever is in them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.train.corpus.midi_by_hand import from_hex, midi_file

from playbach.errors import InputError
from playbach.midi.files import midi_bytes
from playbach.music.form import parse_form
from playbach.music.meter import Meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach_train.corpus.midi_files import MAX_FILE_BYTES, parse_midi, read_midi

ONE_NOTE = "00 90 3C 50  60 80 3C 00"
HEADER = "4D 54 68 64  00 00 00 06"

FAULTS = [
    ("empty", b"", "the file is empty"),
    ("text", b"T:Bourree\nM:C\n", "does not begin with MThd"),
    ("riff", b"RIFF\x00\x00\x00\x00RMID", "does not begin with MThd"),
    ("only the magic", b"MThd", "cut short"),
    ("a short header", from_hex("4D 54 68 64 00 00 00 02 00 01"), "the header is cut short"),
    ("half a file", midi_file(ONE_NOTE)[:30], "cut short"),
    ("no track", from_hex(f"{HEADER} 00 01 00 01 00 60"), "0 of 1 tracks"),
    ("half the tracks", midi_file(ONE_NOTE, ONE_NOTE)[:-10], "cut short"),
    ("zero tracks", from_hex(f"{HEADER} 00 01 00 00 00 60"), "0 of 0 tracks"),
    ("65,535 tracks", from_hex(f"{HEADER} 00 01 FF FF 00 60"), "0 of 65535 tracks"),
    ("format 2", midi_file(ONE_NOTE, kind=2), "MIDI format 2: only formats 0 and 1"),
    ("smpte time", midi_file(ONE_NOTE, division=0xE728), "SMPTE frames"),
    ("no time", midi_file(ONE_NOTE, division=0), "0 ticks to the quarter"),
    ("no notes", midi_file("00 C0 00"), "the file has no notes"),
    ("only drums", midi_file("00 99 23 50 60 89 23 00"), "the file has no notes"),
    ("only releases", midi_file("00 80 3C 00  60 90 3C 00"), "the file has no notes"),
    ("a pitch of 128", midi_file("00 90 80 50"), "a pitch above 127"),
    ("no status", midi_file("00 3C 50"), "running status without last_status"),
    ("status F4", midi_file("00 F4 00"), "undefined status byte 0xf4"),
    ("endless number", midi_file("FF" * 600 + "7F"), "512 bytes at 0x80 or above in a row"),
    ("a text of 256 MiB", midi_file("00 FF 01 FF FF FF 7F 41"), "exceeds maximum length"),
    ("meter 0/4", midi_file(f"00 FF 58 04 00 02 18 08 {ONE_NOTE}"), "meter 0/4"),
    ("meter 4/2^255", midi_file(f"00 FF 58 04 04 FF 18 08 {ONE_NOTE}"), "meter 4/2^255"),
    ("meter of no bytes", midi_file(f"00 FF 58 00 {ONE_NOTE}"), "a meta event without sense"),
    ("years", midi_file("FF FF FF 7F 90 3C 50 60 80 3C 00"), "longer than 100,000 quarter"),
    ("100,000 notes", midi_file("00 90 3C 50" + " 01 3C 50" * 99_999), "100,000 notes: at most"),
]


@pytest.mark.parametrize(
    ("content", "message"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS]
)
def test_each_fault_is_one_line_that_names_the_file(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "score.mid"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_midi(path)
    line = str(error.value)
    assert line.startswith(f"{path}: ")
    assert message in line
    assert "\n" not in line


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.mid: cannot be read: No such file"):
        read_midi(tmp_path / "none.mid")


def test_a_folder_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not an ordinary file"):
        read_midi(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mid")
    with pytest.raises(InputError, match="not an ordinary file"):
        read_midi(tmp_path / "pipe.mid")


def test_a_path_through_a_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be read"):
        read_midi(tmp_path / "file" / "score.mid")


def test_a_file_is_not_read_beyond_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "huge.mid"
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(InputError, match="1,048,577 bytes; at most 1,048,576 are read"):
        read_midi(path)


VALID = midi_bytes(
    Piece(
        tuple(Note(Ticks(6 * i), Pitch(48 + 7 * i % 24), Ticks(6)) for i in range(40)),
        meters=((Ticks(0), Meter(3, 4)),),
        form=parse_form("courante"),
        pickup=Ticks(12),
        title="Courante",
    ),
    tempo=90,
)


def read_or_refuse(content: bytes) -> None:
    """Anything but a piece or a ``InputError`` fails the test."""
    with contextlib.suppress(InputError):
        assert parse_midi(content, name="untitled").piece.notes


@given(st.binary(max_size=400))
def test_random_bytes_are_refused_or_read(content: bytes) -> None:
    read_or_refuse(content)


@given(st.binary(max_size=400), st.sampled_from([0, 1]), st.integers(0, 0xFFFF))
@example(b"\xff\x80" * 100, 0, 96)
def test_random_bytes_in_a_track_are_refused_or_read(body: bytes, kind: int, division: int) -> None:
    read_or_refuse(midi_file(body.hex(), kind=kind, division=division))


edits = st.tuples(
    st.integers(0, len(VALID) - 1),
    st.integers(0, 6),
    st.binary(max_size=4) | st.sampled_from([b"\xff", b"\x80", b"\xff\x58", b"\xff\x59\x02\x7f"]),
)


@given(st.lists(edits, min_size=1, max_size=8))
@settings(max_examples=100)
def test_a_damaged_file_is_refused_or_read(damage: list[tuple[int, int, bytes]]) -> None:
    content = VALID
    for place, removed, inserted in damage:
        content = content[:place] + inserted + content[place + removed :]
    read_or_refuse(content)


@given(st.integers(0, len(VALID) - 1))
def test_a_file_cut_anywhere_is_refused(length: int) -> None:
    with contextlib.suppress(InputError):
        parse_midi(VALID[:length], name="untitled")
        pytest.fail(f"the first {length} of {len(VALID)} bytes were read as a whole file")
