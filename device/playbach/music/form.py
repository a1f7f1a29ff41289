"""Forms of movement: one row each, from which names, meters and tempi are derived."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from playbach.errors import InputError
from playbach.music.meter import TICKS_PER_WHOLE, Meter, parse_meter


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of movement.

    Attributes:
        name: the word used in commands, settings and bundles.
        title: how the movement is announced.
        tempo: usual tempo, felt beats per minute.
        meters: usual meters in order of preference; the first is the default.
        bars: fewest and most bars of a movement, repeats not played; what Bach's solo works have.
        aliases: other words for it in titles and file names.
        upbeat: usual length of the pickup in whole notes, 0 for none; see ``upbeat_ticks``.
    """

    name: str
    title: str
    tempo: float
    meters: tuple[Meter, ...]
    bars: tuple[int, int]
    aliases: tuple[str, ...] = ()
    upbeat: float = 0.0

    def upbeat_ticks(self, meter: Meter) -> int:
        """Ticks of the usual pickup in ``meter``: 0 for none, less than a bar.

        It is written in the same note values whatever the meter, except that all are halved where
        the bars of a dance are written half as long, as in a bourrée in 2/4.
        """
        ticks = round(self.upbeat * TICKS_PER_WHOLE)
        if not meter.is_compound and 2 * meter.bar_ticks <= self.meters[0].bar_ticks:
            ticks //= 2
        return ticks if ticks < meter.bar_ticks else 0


def _meters(text: str) -> tuple[Meter, ...]:
    return tuple(map(parse_meter, text.split()))


# Order is part of the encoding: a form's place in this table is the row of its
# embedding. Append only.
FORMS = (
    Form("other", "Piece", 80, _meters("4/4 3/4 2/2 6/8"), (16, 64)),
    Form(
        "prelude", "Prelude", 72, _meters("4/4 3/4 2/2 12/8"), (42, 138), ("preludio", "praeludium")
    ),
    Form("allemande", "Allemande", 60, _meters("4/4 2/2"), (20, 48), ("allemanda",), 1 / 16),
    Form("courante", "Courante", 96, _meters("3/4 3/2"), (24, 72), ("corrente", "coranto"), 1 / 8),
    Form("sarabande", "Sarabande", 52, _meters("3/4 3/2"), (16, 40), ("sarabanda",)),
    Form(
        "menuet",
        "Menuet",
        120,
        _meters("3/4"),
        (24, 34),
        ("minuet", "menuett", "menuetto", "minuetto"),
    ),
    Form("bourree", "Bourrée", 80, _meters("2/2 4/4 2/4"), (20, 56), ("bourrée", "borea"), 1 / 4),
    Form("gavotte", "Gavotte", 76, _meters("2/2 4/4"), (20, 40), ("gavotta",), 1 / 2),
    Form("gigue", "Gigue", 80, _meters("6/8 3/8 12/8"), (32, 108), ("giga", "jig"), 1 / 8),
    Form("fugue", "Fugue", 76, _meters("4/4 2/4 6/8 2/2"), (64, 160), ("fuga",)),
    Form("adagio", "Adagio", 40, _meters("4/4 3/4"), (20, 48), ("grave", "largo", "siciliana")),
    Form("andante", "Andante", 60, _meters("3/4 4/4"), (24, 48), ("loure",)),
    Form("allegro", "Allegro", 96, _meters("4/4 3/4"), (48, 136), ("presto", "double", "vivace")),
    Form("chaconne", "Chaconne", 60, _meters("3/4"), (64, 256), ("ciaccona", "chaconna"), 1 / 2),
    Form("chorale", "Chorale", 66, _meters("4/4 3/4"), (8, 32), ("choral",), 1 / 4),
    Form("song", "Song", 90, _meters("4/4 2/4 3/4 6/8"), (8, 32), ("ballad", "ballade", "lied")),
)
FORM_INDEX = {form.name: index for index, form in enumerate(FORMS)}
OTHER = FORMS[0]
_BY_WORD = {word: form for form in FORMS for word in (form.name, *form.aliases)}


def parse_form(text: str) -> Form:
    """The form of that name or alias.

    Raises:
        InputError: there is none; the message lists those there are and the nearest.
    """
    word = text.strip().lower()
    if word in _BY_WORD:
        return _BY_WORD[word]
    near = difflib.get_close_matches(word[:40], _BY_WORD, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    names = ", ".join(form.name for form in FORMS)
    raise InputError(f"form {text[:40]!r}: there is no such form{hint}; choose one of {names}")


def form_in_title(title: str) -> Form:
    """The form named in a title or file name such as ``bwv1009-3-courante``; ``OTHER`` if none."""
    words = re.split(r"[\W\d_]+", title.lower())
    return next((_BY_WORD[word] for word in words if word in _BY_WORD), OTHER)
