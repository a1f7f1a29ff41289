"""The page of a listening test: one file of HTML that holds all it needs.

It works from a disk, where browsers load no modules, so what plays the notes is put into it as one
script: the synth of the board's own page, read where the board has it. A content security policy
names the hashes of its script and style: nothing else can run, and nothing can be sent.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib import resources
from string import Template

from playbach_train.listening.blind import Blind

SYNTH = ("room.js", "voices.js", "instrument.js")
OWN = ("answers.js", "player.js", "survey.js")
"""Modules of the board's page and of this one, each after those it imports."""

PROGRAM = 42
"""General MIDI program of all excerpts: the cello."""

VELOCITY = 84
FADE = 1500
"""Milliseconds at the end of each excerpt in which it dies away."""

_IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.MULTILINE)
_STATIC = resources.files("playbach_train.listening") / "static"
_BOARD = resources.files("playbach") / "web" / "static"


def page_of(test: Blind, *, mail: str | None) -> str:
    """The page.

    Args:
        test: what is heard; of what it is the page learns nothing.
        mail: address that results may be mailed to; a link with it is shown.
    """
    script, style = script_of(), _text("survey.css")
    settings = {
        "survey": test.survey,
        "program": PROGRAM,
        "velocity": VELOCITY,
        "fade": FADE,
        "mail": mail,
        "excerpts": [one.shown() for one in test.excerpts],
    }
    return Template(_text("survey.html")).substitute(
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
