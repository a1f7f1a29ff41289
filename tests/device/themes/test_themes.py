"""Themes are read exactly; what cannot be played is changed and said; rubbish is one line."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.device.music.strategies import pieces

from playbach.composer.settings import LONGEST_BAR, SHORTEST_BAR
from playbach.errors import InputError
from playbach.midi.files import Placed, midi_bytes
from playbach.music.key import parse_key
from playbach.music.meter import Meter
from playbach.music.note import Note, Piece, Ticks
from playbach.music.theme import Asked, Theme
from playbach.save import musicxml
from playbach.themes import MOST_BYTES, read_theme, theme_from_bytes, theme_from_notes

MANUAL = "D4/8 F4 E4 A4 G4 Bb4 A4/4."


def plain(theme: Theme) -> list[tuple[int, int, int]]:
    return [(note.onset, note.pitch, note.duration) for note in theme.notes]


def test_typed_notes_carry_octave_and_value_on() -> None:
    theme = theme_from_notes(MANUAL)
    assert plain(theme) == [
        (0, 62, 12), (12, 65, 12), (24, 64, 12), (36, 69, 12), (48, 67, 12), (60, 70, 12),
        (72, 69, 36),
    ]  # fmt: skip
    assert (theme.key, theme.meter, theme.pickup) == (parse_key("D minor"), Meter(3, 4), 0)
    assert theme.changed == ()


def test_rests_chords_accidentals_and_the_upbeat_are_understood() -> None:
    theme = theme_from_notes(
        "g3/8|C3+Eb3+G/4 r/8 F#4/16., bb-1/32 | c4/1", Asked(meter=Meter(3, 4))
    )
    assert plain(theme) == [
        (0, 55, 12), (12, 48, 24), (12, 51, 24), (12, 55, 24), (48, 66, 9), (57, 10, 3),
        (60, 60, 96),
    ]  # fmt: skip
    assert theme.pickup == 12


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("H4", "'H4' is no note"),
        ("C4/7", "one of 1, 2, 4, 8, 16, 32"),
        ("C4/8..", "one of 1, 2, 4"),
        ("G#9", "between C-1 and G9"),
        ("", "there are no notes"),
        ("r/4 |", "there are no notes"),
        (20_001 * "C", "20,001 characters"),
        ("no/such/file.mid", "cannot be read"),
        ("\0.mid", "cannot be read"),
    ],
)
def test_what_is_no_theme_is_refused_in_a_line(typed: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        read_theme(typed)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "asked", "said"),
    [
        ("C4", None, ()),
        ("C4/32. D4 E4", None, ("3 notes moved to the grid",)),
        ("C3+E3+G3+C4+E4+G4+C5+E5+G5+C6", None, ("6 notes left out of chords",)),
        ("C " * 9_999, None, ("9,967 notes after 8 bars left out",)),
        ("C4/8 D4 E4 F4 G4 A4 B4 " * 2, Meter(7, 8), ()),
        ("C4/1+C4/2", None, None),
    ],
)
def test_what_cannot_be_played_is_changed_and_said(
    typed: str, asked: Meter | None, said: tuple[str, ...] | None
) -> None:
    if said is None:
        with pytest.raises(InputError):
            theme_from_notes(typed)
        return
    theme = theme_from_notes(typed, Asked(meter=asked))
    assert [told.startswith(word) for told, word in zip(theme.changed, said, strict=True)] == [
        True for _ in said
    ]
    assert theme.bars <= 8
    assert asked in {None, theme.meter}


@given(st.integers(0, 120), st.integers(1, 60))
def test_a_theme_is_moved_into_any_range_or_refused(lowest: int, wide: int) -> None:
    theme = theme_from_notes("C1/8 G3 C5 F#9")
    highest = min(lowest + wide, 127)
    try:
        found = theme.fitted(lowest, highest)
    except InputError:
        assert highest - lowest < 11
        return
    assert all(lowest <= note.pitch <= highest for note in found.notes)
    assert {note.pitch % 12 for note in found.notes} <= {0, 7, 6}
    assert found.changed or found is theme


def first_bars(piece: Piece) -> tuple[Note, ...]:
    """Of a piece, what a theme of it is."""
    meter = piece.meters[0][1]
    end = piece.pickup + 8 * meter.bar_ticks
    notes = [n for n in piece.notes if n.onset < end]
    return tuple(replace(n, duration=Ticks(min(n.end, end) - n.onset)) for n in notes)


@given(pieces(max_size=14))
@settings(max_examples=40)
def test_a_file_of_ours_gives_back_what_was_written(piece: Piece) -> None:
    meter = piece.meters[0][1]
    assume(SHORTEST_BAR <= meter.bar_ticks <= LONGEST_BAR)
    assume(piece.notes[0].onset < meter.bar_ticks)
    onsets = [note.onset for note in piece.notes]
    assume(max(map(onsets.count, onsets)) <= 4)
    theme = theme_from_bytes(midi_bytes(piece, tempo=90))
    assert theme.notes == first_bars(piece)
    assert (theme.meter, theme.pickup) == (meter, piece.pickup)
    if len(theme.notes) < 24:
        assert theme.key == piece.keys[0][1]


def musicxml_of(folder: Path, typed: str, meter: Meter) -> tuple[Theme, bytes]:
    theme = theme_from_notes(typed, Asked(meter=meter))
    piece = Piece(theme.notes, ((Ticks(0), theme.key),), ((Ticks(0), meter),), pickup=theme.pickup)
    path = folder / "theme.musicxml"
    musicxml.write([Placed(piece, 90, piece.end)], path)
    return theme, path.read_bytes()


@pytest.mark.parametrize("packed", [False, True])
def test_musicxml_is_read_plain_and_packed(tmp_path: Path, packed: bool) -> None:
    typed = "A3/8 | D4/4 F#4+A4 E4/8. D4/16 C#4/4 | D4/2. r/4 C#4/4 D4/1"
    theme, content = musicxml_of(tmp_path, typed, Meter(4, 4))
    if packed:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("META-INF/container.xml", '<c><rootfile full-path="a.xml"/></c>')
            file.writestr("a.xml", content)
        content = archive.getvalue()
    found = theme_from_bytes(content)
    assert plain(found) == plain(theme)
    assert (found.key, found.meter, found.pickup) == (theme.key, theme.meter, theme.pickup)


BOMB = b'<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><score-partwise>&b;</score-partwise>'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not MusicXML"),
        (BOMB, "entities"),
        (500 * b"<a>", "too deep"),
        (b"<score-timewise/>", "by parts"),
        (b"<score-partwise/>", "no notes"),
        (b"MThd", "cut short"),
        (b"MThd\0\0\0\6\0\2\0\1\0\x60", "formats 0 and 1"),
        (b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\4\0\x90\x3c", "cut short"),
        (b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\6\xff\xff\xff\xff\xff\x7f", "four bytes"),
        (b"PK\3\4 and no more", "damaged"),
        ((MOST_BYTES + 1) * b" ", "1,048,576 bytes"),
    ],
)
def test_hostile_files_are_one_line(content: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        theme_from_bytes(content)
    assert "\n" not in str(refused.value)


def test_a_packed_bomb_is_not_unpacked() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.xml", 8 * MOST_BYTES * b" ")
    with pytest.raises(InputError, match="unpacked more than"):
        theme_from_bytes(archive.getvalue())


GOOD = midi_bytes(Piece(theme_from_notes(MANUAL).notes), tempo=90)


@given(st.data())
@settings(max_examples=150)
def test_of_any_bytes_comes_a_theme_or_a_line(data: st.DataObject) -> None:
    content = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        theme = theme_from_bytes(bytes(content))
    except InputError:
        return
    assert 1 <= theme.bars <= 8
    Piece(theme.notes)
