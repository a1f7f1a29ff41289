"""The movements a network learned from and those held out, kept in its run or found again.

A run keeps whole movements, both sides apart, as exact notes on our grid, so that a conversion has
real music to measure on. A bundle only names its movements; those of named corpora are found in the
user's cache.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from playbach.bundle import Provenance
from playbach.errors import InputError
from playbach.music.form import parse_form
from playbach.music.key import Key, Mode
from playbach.music.meter import parse_meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach_train.corpus import Corpus, Request, ScoreMovement, load
from playbach_train.corpus.engraving import packaged_manifest
from playbach_train.corpus.named import NAMED_CORPORA
from playbach_train.corpus.split import Split
from playbach_train.runs.checkpoint import load_arrays, save_arrays
from playbach_train.runs.run import SCORES, read_record

MOST_NOTES = 100_000
"""Notes kept of each side; a corpus of thousands of movements is not copied whole."""
TRAINED_ON = "trained_on"
"""The note in a bundle's manifest that lists the names of these movements."""


@dataclass(frozen=True)
class KeptScores:
    """What ``keep_scores`` kept."""

    training: Mapping[str, Piece]  # movements the network was trained on, by name
    held_out: Mapping[str, Piece]  # movements it was not trained on


def keep_scores(folder: Path, corpus: Corpus, split: Split) -> None:
    """Write the movements of both sides, up to ``MOST_NOTES`` notes of each, into the run.

    Raises:
        OutputError: they cannot be written.
    """
    notes: list[Note] = []
    rows: list[dict[str, Any]] = []
    for held_out, names in ((False, split.train), (True, split.held_out)):
        for movement in _some(corpus.movements, set(names)):
            rows.append(_heading(movement, held_out=held_out))
            notes += movement.piece.notes
    values = [(note.onset, note.pitch, note.duration) for note in notes]
    arrays = {"notes": np.array(values, np.int64).reshape(-1, 3)}
    save_arrays(folder / SCORES, arrays, {"movements": rows})


def kept_scores(folder: Path) -> KeptScores:
    """What ``keep_scores`` wrote into the run in ``folder``.

    Raises:
        InputError: there is nothing, or it is damaged.
    """
    path = folder / SCORES
    if not path.exists():
        raise InputError(
            f"{folder}: holds no scores ({SCORES}): an older version made it; train again"
        )
    arrays, record = load_arrays(path)
    sides: dict[bool, dict[str, Piece]] = {False: {}, True: {}}
    try:
        notes = [Note(Ticks(o), Pitch(p), Ticks(d)) for o, p, d in arrays["notes"].tolist()]
        for row in record["movements"]:
            count = int(row["notes"])
            piece = _piece(tuple(notes[:count]), row)
            sides[bool(row["held_out"])][str(row["name"])] = piece
            notes = notes[count:]
    except (KeyError, TypeError, ValueError, AttributeError, InputError) as error:
        raise InputError(f"{path}: damaged ({error}); train again") from error
    return KeptScores(sides[False], sides[True])


def _some(movements: Iterable[ScoreMovement], names: set[str]) -> list[ScoreMovement]:
    """Movements of those names, shuffled the same way each time, until there are enough notes."""
    wanted = [movement for movement in movements if movement.name in names]
    wanted.sort(key=lambda movement: hashlib.sha256(movement.name.encode()).digest())
    kept: list[ScoreMovement] = []
    room = MOST_NOTES
    for movement in wanted:
        room -= len(movement.piece.notes)
        if room >= 0 or not kept:
            kept.append(movement)
    return kept


def _heading(movement: ScoreMovement, *, held_out: bool) -> dict[str, Any]:
    piece = movement.piece
    return {
        "name": movement.name,
        "held_out": held_out,
        "notes": len(piece.notes),
        "keys": [[tick, key.tonic, key.mode.value] for tick, key in piece.keys],
        "meters": [[tick, str(meter)] for tick, meter in piece.meters],
        "form": piece.form.name,
        "pickup": piece.pickup,
    }


def _piece(notes: tuple[Note, ...], row: Mapping[str, Any]) -> Piece:
    return Piece(
        notes,
        keys=tuple((Ticks(int(t)), Key(int(tonic), Mode(mode))) for t, tonic, mode in row["keys"]),
        meters=tuple((Ticks(int(t)), parse_meter(meter)) for t, meter in row["meters"]),
        form=parse_form(row["form"]),
        pickup=Ticks(int(row["pickup"])),
    )


def of_run(folder: Path) -> dict[str, Piece]:
    """The movements that the run in ``folder`` keeps.

    Raises:
        InputError: it keeps none, or only some of those it was trained on.
    """
    kept = dict(kept_scores(folder).training)
    count = len(read_record(folder).get("training", ()))
    if len(kept) != count:
        raise InputError(
            f"{folder}: keeps only {len(kept)} of {count} training movements; train again"
        )
    return kept


def of_bundle(provenance: Provenance, where: str) -> dict[str, Piece]:
    """The movements that a bundle's manifest lists, from corpora in this user's cache.

    Args:
        provenance: of the bundle.
        where: the bundle is, for messages.

    Raises:
        InputError: it lists none, they belong to no named corpus, or some are not compiled here.
    """
    names = _texts(provenance.notes.get(TRAINED_ON))
    if not names:
        raise InputError(f"{where}: does not say what it was trained on")
    known = {corpus.name for corpus in NAMED_CORPORA}
    if not known.issuperset(provenance.corpora):
        raise InputError(f"{where}: was trained on scores that belong to no named corpus")
    found = {movement.name: movement.piece for movement in _compiled_here(provenance.corpora)}
    missing = [name for name in names if name not in found]
    if missing:
        raise InputError(
            f"{where}: {len(missing)} of its {len(names)} training movements are not "
            f"compiled here, such as {missing[0]}"
        )
    return {name: found[name] for name in names}


def _compiled_here(corpora: tuple[str, ...]) -> tuple[ScoreMovement, ...]:
    """Movements of named corpora without downloading any."""
    with tempfile.TemporaryDirectory() as empty:
        # A copy of the repository in which everything is missing: only the cache is left.
        (Path(empty) / packaged_manifest().base).mkdir(parents=True)
        request = Request(from_dir=Path(empty), partial=True)
        return load(list(corpora), request, report=_nothing).movements


def _texts(value: object) -> list[str]:
    """``value`` if it is a list of texts, as a manifest of ours has it; else nothing."""
    if isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value):
        return [str(name) for name in value]
    return []


def _nothing(line: str) -> None:
    del line
