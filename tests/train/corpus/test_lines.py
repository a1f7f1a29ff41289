"""A staff of a score becomes a single line: as it is, its highest line, or its lowest."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.train.corpus.midi_by_hand import midi_file

from playbach.music.key import parse_key
from playbach.music.note import Note, Pitch, Ticks
from playbach_train.corpus.lines import VOICES, Line, highest, lowest, read_line, whole
from playbach_train.corpus.records import ScoreMovement, Skipped


def note(onset: int, pitch: int, duration: int) -> Note:
    return Note(Ticks(onset), Pitch(pitch), Ticks(duration))


TWO_VOICES = (
    note(0, 60, 48), note(0, 72, 24),
    note(24, 76, 24),
    note(48, 55, 48), note(48, 74, 48),
    note(72, 62, 24),
    note(96, 67, 24),
)  # fmt: skip


def test_the_highest_line_leaves_out_what_is_struck_below_it() -> None:
    assert highest(TWO_VOICES) == (
        note(0, 72, 24), note(24, 76, 24), note(48, 74, 48), note(96, 67, 24),
    )  # fmt: skip


def test_the_lowest_line_leaves_out_what_is_struck_above_it() -> None:
    assert lowest(TWO_VOICES) == (note(0, 60, 48), note(48, 55, 48), note(96, 67, 24))


def test_a_note_ends_where_a_higher_one_is_struck() -> None:
    held = (note(0, 60, 96), note(48, 64, 24))
    assert highest(held) == (note(0, 60, 48), note(48, 64, 24))
    assert lowest(held) == (note(0, 60, 96),)


notes = st.builds(note, st.integers(0, 200), st.integers(30, 90), st.integers(1, 96))


@given(st.lists(notes, max_size=30), st.sampled_from([highest, lowest]))
def test_a_line_has_one_note_at_a_time(played: list[Note], voice: type) -> None:
    line = voice(played)
    assert all(before.end <= after.onset for before, after in pairwise(line))
    assert bool(line) == bool(played)


def test_the_whole_staff_stays_as_it_is() -> None:
    assert whole(TWO_VOICES) == TWO_VOICES
    assert VOICES.keys() == {"whole", "highest", "lowest"}


@pytest.fixture
def score(tmp_path: Path) -> Path:
    """Two staves in E minor, 3/4, from a pickup of a quarter; the lower enters in the second bar.

    A track for the signs comes first, as LilyPond writes it.
    """
    path = tmp_path / "gavotte.mid"
    signs = "00 FF 03 05 53 75 69 74 65  00 FF 59 02 01 01  00 FF 58 04 03 02 18 08"
    upper = "00 90 40 50  60 80 40 00" + "00 90 43 50  60 80 43 00" * 6
    lower = "82 20 90 28 50  81 40 80 28 00"
    path.write_bytes(midi_file(signs, upper, lower))
    return path


def test_a_line_has_the_notes_of_its_staff_and_the_signs_of_the_score(score: Path) -> None:
    line = read_line(Line("suite-2-sarabande-2", "suite-2-sarabande", 2, "whole"), score, "lines")
    assert isinstance(line, ScoreMovement)
    assert [n.pitch for n in line.piece.notes] == [40]
    assert line.piece.notes[0].onset == 72
    assert line.piece.keys == ((0, parse_key("E minor")),)
    assert str(line.piece.meters[0][1]) == "3/4"
    # The form is that of the line's name, not of the file's.
    assert (line.piece.form.name, line.piece.title) == ("sarabande", "suite-2-sarabande-2")
    assert line.is_altered


def test_a_staff_that_is_not_there_is_named(score: Path) -> None:
    line = read_line(Line("suite-1-9", "suite-1", 9, "whole"), score, "lines")
    assert isinstance(line, Skipped)
    assert "gavotte.mid: track 9: the file has 3, counted from 0" in line.reason
