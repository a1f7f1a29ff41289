"""What every picture has: what is measured, how it is drawn, and what is said below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Measured = dict[str, Any]
"""What JSON can hold."""


@dataclass(frozen=True)
class Sources:
    """What pictures are made from.

    Attributes:
        run: folder of a training run.
        bundle: a bundle, the included one if nothing else was asked for.
        midi: a movement as a MIDI file, ``None`` if none was given.
        more: bundles of further networks.
        notes: how many are played where time is measured.
    """

    run: Path
    bundle: Path
    midi: Path | None
    more: tuple[Path, ...]
    notes: int


@dataclass(frozen=True)
class Picture:
    """A picture of the documentation.

    Attributes:
        file: its name.
        about: what it shows, in a line; the text for those who cannot see it.
        options: of ``Sources``, by which it can be made of something else.
        measure: takes the figures; raises PlaybachError if a source is not as it must be.
        draw: makes the file of them.
        caption: says in a sentence or two what they are, from the figures themselves.
        timed: whether what else the machine does changes the figures.
    """

    file: str
    about: str
    options: tuple[str, ...]
    measure: Callable[[Sources], Measured]
    draw: Callable[[Measured], bytes]
    caption: Callable[[Measured], str]
    timed: bool = False
