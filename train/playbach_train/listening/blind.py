"""A blind test: excerpts whose names and order say nothing, the key to them, and the page.

The page is one file of HTML that holds all it needs. It works from a disk, where browsers load no
modules, so what plays the notes is put into it as one script: the synth of the board's own page,
read where the board has it. A content security policy names the hashes of its script and style:
nothing else can run, and nothing can be sent.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from string import Template
from typing import Any

import numpy as np

from playbach_train.listening.sources import Origin, Taken, Wanted

FORMAT = 1
"""Version of the key and of results."""

LETTERS = "bcdfghjklmnpqrstvwxz"
"""No vowels, so that no name is a word; no digits, so that JavaScript keeps the order of keys."""

NAME_LENGTH = 6
SURVEY_LENGTH = 16
SYNTH = ("room.js", "voices.js", "instrument.js")
OWN = ("answers.js", "player.js", "survey.js")
"""Modules of the board's page and of this one, each after those it imports."""
PROGRAM = 42
"""General MIDI program of all excerpts: the cello."""
FADE = 1500
"""Milliseconds at the end of each excerpt in which it dies away."""
_IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.MULTILINE)
_STATIC = resources.files("playbach_train.listening") / "static"
_BOARD = resources.files("playbach") / "web" / "static"


@dataclass(frozen=True, slots=True)
class Question:
    """What listeners are asked of each excerpt."""

    title: str  # of the page
    about: str  # what excerpts there are, and what is asked
    ask: str  # above the ratings from 0, computer, to 10, human
    known: bool  # whether those who know a piece are to say so


WHO_WROTE_IT = Question(
    "Human or computer?",
    "all played by the same instrument. Some were written by a human composer, some by a computer. "
    "Play each one, then say what you think wrote it: 0 is certainly a computer, 10 certainly a "
    "human, 5 is undecided.",
    "Who wrote it?", known=True,
)  # fmt: skip
WHO_PLAYS_IT = Question(
    "How is it played?",
    "all on the same instrument. The same music comes several times, played in different ways. "
    "Play each one, then say whose playing it sounds like, whatever you think of the "
    "music: 0 is just as a computer plays, 10 just as a human does, 5 is undecided.",
    "Whose playing is it like?", known=False,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """An excerpt as the page has it."""

    name: str  # six consonants
    taken: Taken  # the excerpt, and what nobody who listens may know

    def shown(self) -> dict[str, Any]:
        """What the page is told: ``notes`` are ``[at ms, lasts ms, pitch, velocity]``."""
        excerpt = self.taken.excerpt
        notes = [[note.at, note.lasts, note.pitch, note.velocity] for note in excerpt.notes]
        return {"id": self.name, "length": excerpt.length, "notes": notes}


@dataclass(frozen=True, slots=True)
class Blind:
    """A listening test."""

    survey: str  # 16 hex digits that results and key have in common, made from what is heard
    # in the order of the page, which shuffles them anew for each listener
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
    """What each excerpt is, as JSON; with the first of ``origins`` the others are compared."""
    return {
        "format": FORMAT,
        "survey": test.survey,
        "seed": wanted.seed,
        "seconds": wanted.seconds,
        "reference": origins[0].label,
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


def page_of(test: Blind, question: Question, *, mail: str | None) -> str:
    """The page.

    Args:
        test: what is heard; of what it is the page learns nothing.
        question: what is asked.
        mail: address that results may be mailed to; a link with it is shown.
    """
    script, style = script_of(), _text("survey.css")
    settings = {
        "survey": test.survey,
        "program": PROGRAM,
        "question": asdict(question),
        "fade": FADE,
        "mail": mail,
        "excerpts": [one.shown() for one in test.excerpts],
    }
    return Template(_text("survey.html")).substitute(
        title=question.title,
        about=question.about,
        script=script,
        style=style,
        script_hash=_hash(script),
        style_hash=_hash(style),
        settings=_in_html(settings),
    )


def script_of() -> str:
    """Synth and page as one script."""
    parts = [(_BOARD / name).read_text(encoding="utf-8") for name in SYNTH]
    joined = "\n".join([*parts, *map(_text, OWN)])
    return '"use strict";\n' + _EXPORT.sub("", _IMPORT.sub("", joined))


def _text(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """As a content security policy names a script or style that is allowed."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _in_html(value: object) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
