"""Runs on the board: the distributions of every variant of a bundle, over the notes of a piece.

    python probe.py BUNDLE PIECE.json OUT.npz

Needs nothing but the base install. Writes an array ``VARIANT/PART`` for each part of a note, one
row of probabilities a note: ``(notes, symbols)``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import read_bundle
from playbach.music.encoding import encode
from playbach.music.form import parse_form
from playbach.music.key import parse_key
from playbach.music.meter import parse_meter
from playbach.music.note import Note, Piece, Pitch, Ticks
from playbach.predictor import Predictor, load_note_predictor

ELSEWHERE = ("edgetpu",)
"""Variants for hardware that no emulator has."""


def distributions(predictor: Predictor, piece: Piece) -> dict[str, NDArray[np.float32]]:
    """What the network gives for each note of ``piece``, given all before."""
    heading, events = encode(piece)
    predictor.begin(heading)
    rows: dict[str, list[NDArray[np.float32]]] = {"shift": [], "pitch": [], "duration": []}
    for event, note in zip(events, piece.notes, strict=True):
        rows["shift"].append(predictor.shift())
        rows["pitch"].append(predictor.pitch(event.shift))
        rows["duration"].append(predictor.duration(event.shift, note.pitch))
        predictor.advance(event.shift, note.pitch, event.duration)
    return {part: np.array(found, np.float32) for part, found in rows.items()}


def written(piece: Piece) -> str:
    """A piece in one key and one meter, as JSON."""
    rows = [[note.onset, note.pitch, note.duration] for note in piece.notes]
    key, meter = str(piece.keys[0][1]), str(piece.meters[0][1])
    return json.dumps([rows, key, meter, piece.form.name, piece.pickup])


def piece_in(text: str) -> Piece:
    """What ``written`` wrote."""
    rows, key, meter, form, pickup = json.loads(text)
    notes = tuple(Note(Ticks(o), Pitch(p), Ticks(d)) for o, p, d in rows)
    start: Any = Ticks(0)
    keys, meters = ((start, parse_key(key)),), ((start, parse_meter(meter)),)
    return Piece(notes, keys, meters, parse_form(form), Ticks(pickup))


def main(bundle_path: Path, piece_path: Path, out: Path) -> None:
    bundle = read_bundle(bundle_path)
    piece = piece_in(piece_path.read_text())
    found: dict[str, NDArray[np.float32]] = {}
    for variant in bundle.manifest.variants:
        if variant not in ELSEWHERE:
            given = distributions(load_note_predictor(bundle, variant), piece)
            found |= {f"{variant}/{part}": rows for part, rows in given.items()}
    np.savez(out, **found)  # type: ignore[arg-type]  # no variant is named like an option of it


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
