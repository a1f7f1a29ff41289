"""Runs on the board: the distributions of every variant of a bundle, over the notes of a file.

    python probe.py BUNDLE NOTES.mid OUT.npz

Needs nothing but the base install. Writes an array ``VARIANT/PART`` for each part of a note, one
row of probabilities a note: ``(notes, symbols)``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from playbach.bundle import read_bundle
from playbach.music.encoding import encode
from playbach.music.midi import read_midi
from playbach.music.note import Piece
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


def main(bundle_path: Path, notes: Path, out: Path) -> None:
    bundle = read_bundle(bundle_path)
    piece = read_midi(notes).piece
    found: dict[str, NDArray[np.float32]] = {}
    for variant in bundle.manifest.variants:
        if variant not in ELSEWHERE:
            given = distributions(load_note_predictor(bundle, variant), piece)
            found |= {f"{variant}/{part}": rows for part, rows in given.items()}
    np.savez(out, **found)  # type: ignore[arg-type]  # no variant is named like an option of it


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
