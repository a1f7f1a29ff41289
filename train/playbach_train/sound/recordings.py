"""Folders of recordings as seconds to tell apart, split by where they come from.

DIR/LABEL/SOURCE.wav or DIR/LABEL/SOURCE/anything.wav: a source is a voice, a record, a room. No
second of one is learned from while another is measured on, or one voice would be taken for speech.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from playbach.errors import InputError
from playbach.sound.classifier import CLIP, MOST_LABELS, NETWORKS, RATE, Samples
from playbach_train.corpus import Say
from playbach_train.sound.pairs import read_wav

FEWEST_SOURCES = 3
"""Of each label: one to train on, one to choose the best epoch by, one to measure on."""
_FEWEST_LABELS = 2
_MOST_CLIPS = 120
"""Of a source, so that a long one does not outweigh the others."""
_MOST_FILES = 20_000
_SEEN = 5
"""One in so many seconds of a source that is trained on is kept back, and measured too."""


class Clips(NamedTuple):
    """Seconds of sound, as a network sees them."""

    inputs: Samples  # (clips, ...) of the shape in ``NETWORKS``
    labels: NDArray[np.int64]  # (clips,)


class Sounds(NamedTuple):
    """All that a classifier is made of."""

    labels: tuple[str, ...]
    train: Clips
    validation: Clips  # of other sources: the best epoch is chosen by it
    test: Clips  # of others still
    seen: Clips  # of the sources of ``train``, but other seconds
    sources: Mapping[str, int]  # how many sources a part has, by name


def read_sounds(folder: Path, network: str, seed: int, say: Say) -> Sounds:
    """Read a folder of folders.

    Raises:
        InputError: there are too few labels, or sources, or a file is no WAV file.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: is no folder; give one with a folder for each kind of sound")
    labels = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir()))
    if not _FEWEST_LABELS <= len(labels) <= MOST_LABELS:
        raise InputError(
            f"{folder}: has {len(labels)} folders; give one for each kind of sound, "
            f"{_FEWEST_LABELS} to {MOST_LABELS}, such as speech, music, noise and quiet"
        )
    rng = np.random.default_rng(seed)
    parts: dict[str, list[tuple[int, list[Samples]]]] = {
        "train": [], "validation": [], "test": []
    }  # fmt: skip
    for number, label in enumerate(labels):
        sources = [found for one in _sources(folder / label) if (found := _clips(one, network))]
        if len(sources) < FEWEST_SOURCES:
            raise InputError(
                f"{folder / label}: {len(sources)} sources of a second and more; at least "
                f"{FEWEST_SOURCES} are needed: WAV files, or folders of them, each from another "
                "voice, record or room"
            )
        order = [sources[index] for index in rng.permutation(len(sources))]
        most = max(1, len(order) // 5)
        cut = {"test": order[:most], "validation": order[most : 2 * most],
               "train": order[2 * most :]}  # fmt: skip
        say(f"{label}: {len(sources)} sources, {sum(map(len, sources))} seconds")
        for name, chosen in cut.items():
            parts[name] += [(number, clips) for clips in chosen]
    learned = [(number, [c for i, c in enumerate(clips) if i % _SEEN]) for number, clips in
               parts["train"]]  # fmt: skip
    kept = [(number, clips[::_SEEN]) for number, clips in parts["train"]]
    counts = {name: len(part) for name, part in parts.items()}
    return Sounds(
        labels, _joined(learned), _joined(parts["validation"]), _joined(parts["test"]),
        _joined(kept), counts,
    )  # fmt: skip


def _sources(folder: Path) -> list[list[Path]]:
    """The files of each source, in order."""
    found = []
    for path in sorted(folder.iterdir()):
        files = sorted(path.rglob("*.wav")) if path.is_dir() else [path]
        found.append([file for file in files if file.suffix.lower() == ".wav" and file.is_file()])
    if sum(map(len, found)) > _MOST_FILES:
        raise InputError(f"{folder}: has more than {_MOST_FILES:,} files; take some away")
    return [files for files in found if files]


def _clips(files: Sequence[Path], network: str) -> list[Samples]:
    """Seconds of a source, one after another as if its files were one."""
    parts: list[Samples] = []
    for path in files:
        parts.append(read_wav(path, RATE, whatever=True)[0])
        if sum(map(len, parts)) >= _MOST_CLIPS * CLIP:
            break
    whole = np.concatenate(parts)
    starts = range(0, min(len(whole), _MOST_CLIPS * CLIP) - CLIP + 1, CLIP)
    return [NETWORKS[network].of(whole[start : start + CLIP]) for start in starts]


def _joined(sources: Sequence[tuple[int, list[Samples]]]) -> Clips:
    inputs = np.array([clip for _, clips in sources for clip in clips], np.float32)
    return Clips(inputs, np.array([number for number, clips in sources for _ in clips]))
