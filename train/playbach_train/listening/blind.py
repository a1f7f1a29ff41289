"""A blind test: excerpts whose names and order say nothing, and the key to them. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from playbach_train.listening.sources import Origin, Taken, Wanted

FORMAT = 1
"""Version of the key and of results."""

LETTERS = "bcdfghjklmnpqrstvwxz"
"""No vowels, so that no name is a word; no digits, so that JavaScript keeps the order of keys."""

NAME_LENGTH = 6
SURVEY_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Named:
    """An excerpt as the page has it.

    Attributes:
        name: six consonants.
        taken: the excerpt, and what nobody who listens may know.
    """

    name: str
    taken: Taken

    def shown(self) -> dict[str, Any]:
        """What the page is told: ``notes`` are ``[at ms, lasts ms, pitch]``."""
        excerpt = self.taken.excerpt
        notes = [[note.at, note.lasts, note.pitch] for note in excerpt.notes]
        return {"id": self.name, "length": excerpt.length, "notes": notes}


@dataclass(frozen=True, slots=True)
class Blind:
    """A listening test.

    Attributes:
        survey: 16 hex digits that results and key have in common, made from what is heard.
        excerpts: in the order of the page, which shuffles them anew for each listener.
    """

    survey: str
    excerpts: tuple[Named, ...]


def blind(origins: Sequence[Origin], seed: int) -> Blind:
    """All excerpts of all sources, shuffled and named by chance."""
    rng = np.random.default_rng([seed, len(origins)])
    taken = [one for origin in origins for one in origin.taken]
    order = rng.permutation(len(taken))
    names = _names(len(taken), rng)
    excerpts = tuple(Named(name, taken[int(at)]) for name, at in zip(names, order, strict=True))
    heard = json.dumps([one.shown() for one in excerpts])
    return Blind(hashlib.sha256(heard.encode()).hexdigest()[:SURVEY_LENGTH], excerpts)


def _names(count: int, rng: np.random.Generator) -> list[str]:
    names: dict[str, None] = {}
    while len(names) < count:
        drawn = rng.integers(len(LETTERS), size=NAME_LENGTH)
        names["".join(LETTERS[int(index)] for index in drawn)] = None
    return list(names)


def key_of(test: Blind, origins: Sequence[Origin], wanted: Wanted) -> dict[str, Any]:
    """What each excerpt is, as JSON."""
    return {
        "format": FORMAT,
        "survey": test.survey,
        "seed": wanted.seed,
        "seconds": wanted.seconds,
        "sources": {origin.label: dict(origin.facts) for origin in origins},
        "excerpts": {
            one.name: {
                "source": one.taken.source,
                "movement": one.taken.movement,
                "form": one.taken.form,
                "tick": one.taken.excerpt.tick,
                "moved": one.taken.excerpt.moved,
            }
            for one in test.excerpts
        },
    }
