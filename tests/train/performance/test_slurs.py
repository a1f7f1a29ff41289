"""Slurs are fitted to engravings: the habits of movements made up here are found."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from playbach.errors import InputError
from playbach.midi.files import midi_bytes
from playbach.music.meter import Meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach_train.corpus.engraving import bowing_beside
from playbach_train.corpus.records import Corpus, ScoreMovement
from playbach_train.performance.slurs import (
    Bowed,
    by_model,
    by_rules,
    by_share,
    fit_slurs,
    left_out_slurs,
    measured_slurs,
    read_slurs,
)


def engraving(folder: Path, number: int) -> ScoreMovement:
    """Quavers up and down; each movement slurs one place of its beats, which differs."""
    chance = random.Random(number)
    pitches = [60]
    for _ in range(95):
        pitches.append(pitches[-1] + (1 if pitches[-1] < 50 else -1) * chance.choice((-1, 1, 2)))
    notes = tuple(Note(Ticks(6 * i), Pitch(p), Ticks(6)) for i, p in enumerate(pitches))
    piece = Piece(notes, meters=((Ticks(0), Meter(4, 4)),))
    midi = folder / f"{number}.mid"
    midi.write_bytes(midi_bytes(piece, tempo=60))
    lines = ["playbach-score"]
    for index, note in enumerate(notes):
        slurred = int(index > 0 and index % 4 == number % 4)
        lines.append(f"playbach-note {index}/16 {note.pitch - 60} {slurred} 0")
    bowing_beside(midi).write_text("\n".join(lines))
    return ScoreMovement(f"m{number}", piece, "made up", midi, licence="none")


@pytest.fixture(scope="module")
def movements(tmp_path_factory: pytest.TempPathFactory) -> list[Bowed]:
    folder = tmp_path_factory.mktemp("engravings")
    return read_slurs(Corpus(tuple(engraving(folder, number) for number in range(8))))


def test_slurs_lie_on_the_notes_of_their_movement(movements: list[Bowed]) -> None:
    assert [one.share for one in movements[1:4]] == pytest.approx([24 / 95] * 3, abs=0.02)
    assert [i for i, is_slurred in enumerate(movements[2].slurred[:9]) if is_slurred] == [2, 6]


def test_a_habit_of_a_movement_never_heard_is_learned_while_it_is_read(
    movements: list[Bowed],
) -> None:
    found = left_out_slurs(movements)
    share = measured_slurs(movements, by_share(movements))
    assert found.notes == share.notes == 8 * 95
    assert found.bits < 0.4 < share.bits
    assert found.right > 0.9 > share.right
    assert found.bits < measured_slurs(movements, by_rules).bits
    model = fit_slurs(movements)
    assert measured_slurs(movements, by_model(model)).bits < found.bits + 0.05


def test_movements_without_slurs_are_left_out_and_what_is_no_engraving_is_refused(
    tmp_path: Path,
) -> None:
    movement = engraving(tmp_path, 1)
    path = bowing_beside(movement.file)
    path.write_text(path.read_text().replace(" 1 0", " 0 0"))
    with pytest.raises(InputError, match="no movement with slurs"):
        read_slurs(Corpus((movement,)))
    path.unlink()
    with pytest.raises(InputError, match=r"1\.mid: it has no slurs"):
        read_slurs(Corpus((movement,)))
