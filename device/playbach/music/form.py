"""Forms of movement: one row each, from which names, meters, lengths and tempi are derived.

Meters, bars, openings and upbeats are those of the movements of Bach's suites, sonatas and partitas
for solo cello, violin, flute and lute that the included model learned from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from playbach.errors import InputError
from playbach.music.meter import TICKS_PER_WHOLE, Meter, parse_meter


@dataclass(frozen=True, slots=True)
class UsualMeter:
    """A meter in which movements of a form are written.

    Attributes:
        meter: the time signature.
        count: how many of Bach's movements have it; 0 for one that may be wished for.
        fewest: bars of the shortest movement, repeats not played.
        most: bars of the longest.
    """

    meter: Meter
    count: int
    fewest: int
    most: int


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of movement.

    Attributes:
        name: the word used in commands, settings and bundles.
        title: how the movement is announced.
        tempo: usual tempo, felt beats per minute.
        usual: meters and lengths; the first meter is the default.
        aliases: other words for it in titles and file names.
        upbeat: usual length of the pickup in whole notes, 0 for none; see ``upbeat_ticks``.
        is_binary: whether it has two halves, each to be repeated, of groups of four bars: of the
            46 movements of such forms 34 have a number of bars that four divides.
        opens: semitones above the tonic of the bass with which it may open.
    """

    name: str
    title: str
    tempo: float
    usual: tuple[UsualMeter, ...]
    aliases: tuple[str, ...] = ()
    upbeat: float = 0.0
    is_binary: bool = False
    opens: tuple[int, ...] = (0,)

    @property
    def meters(self) -> tuple[Meter, ...]:
        """The usual meters; the first is the default."""
        return tuple(usual.meter for usual in self.usual)

    def bars(self, meter: Meter) -> tuple[int, int]:
        """Fewest and most bars of a movement in ``meter``, or in any meter if that is unusual."""
        rows = [row for row in self.usual if row.meter == meter] or self.usual
        return min(row.fewest for row in rows), max(row.most for row in rows)

    def upbeat_ticks(self, meter: Meter) -> int:
        """Ticks of the usual pickup in ``meter``: 0 for none, less than a bar.

        It is written in the same note values whatever the meter, except that all are halved where
        the bars of a dance are written half as long, as in a bourrée in 2/4.
        """
        ticks = round(self.upbeat * TICKS_PER_WHOLE)
        if not meter.is_compound and 2 * meter.bar_ticks <= self.usual[0].meter.bar_ticks:
            ticks //= 2
        return ticks if ticks < meter.bar_ticks else 0


def _usual(text: str) -> tuple[UsualMeter, ...]:
    """Rows written as ``3/4 x 6: 24-34``, with commas between them."""
    rows = []
    for row in text.split(","):
        meter, count, bars = re.split("[x:]", row)
        fewest, most = bars.split("-")
        rows.append(UsualMeter(parse_meter(meter), int(count), int(fewest), int(most)))
    return tuple(rows)


# Order is part of the encoding: a form's place in this table is the row of its
# embedding. Append only.
FORMS = (
    Form("other", "Piece", 80, _usual("4/4x1:16-64, 3/4x1:16-64, 2/2x1:16-64, 6/8x1:16-64")),
    Form(
        "prelude", "Prelude", 72, _usual("4/4x3:42-56, 3/4x4:43-138, 2/2x1:64-91, 12/8x0:42-91"),
        ("prélude", "preludio", "praeludium", "präludium"),
    ),
    Form(
        "allemande", "Allemande", 60, _usual("4/4x6:20-48, 2/2x1:24-36"),
        ("allemanda",), 1 / 16, is_binary=True,
    ),
    Form(
        "courante", "Courante", 96, _usual("3/4x6:32-72, 3/2x1:20-28"),
        ("corrente", "coranto"), 1 / 8, is_binary=True,
    ),
    Form(
        "sarabande", "Sarabande", 52, _usual("3/4x7:16-46, 3/2x1:24-32"),
        ("sarabanda",), is_binary=True,
    ),
    Form(
        "menuet", "Menuet", 120, _usual("3/4x6:24-34"),
        ("minuet", "menuett", "menuetto", "minuetto"), is_binary=True,
    ),
    Form(
        "bourree", "Bourrée", 80, _usual("2/2x4:24-52, 4/4x1:12-28, 2/4x1:48-70"),
        ("bourrée", "bouree", "borea"), 1 / 4, is_binary=True,
    ),
    Form(
        "gavotte", "Gavotte", 76, _usual("4/4x4:20-36, 2/2x0:20-36"),
        ("gavotta",), 1 / 2, is_binary=True,
    ),
    Form(
        "gigue", "Gigue", 80, _usual("6/8x3:32-68, 3/8x3:72-108, 12/8x2:32-48"),
        ("giga", "jig"), 1 / 8, is_binary=True,
    ),
    Form(
        "fugue", "Fugue", 76, _usual("4/4x3:64-160, 2/4x1:64-160, 6/8x1:64-160, 2/2x0:64-160"),
        ("fuga", "fuge"), opens=(0, 7),
    ),
    Form(
        "adagio", "Adagio", 40, _usual("4/4x3:20-28, 3/4x1:28-48, 12/8x1:16-24"),
        ("grave", "largo", "siciliana", "siciliano", "sicilienne"),
    ),
    Form("andante", "Andante", 60, _usual("3/4x1:24-48, 6/4x1:20-28, 4/4x0:24-48"), ("loure",)),
    Form(
        "allegro", "Allegro", 96, _usual("4/4x1:48-64, 3/4x1:64-104, 3/8x1:96-136, 6/8x1:48-64"),
        ("presto", "double", "vivace"),
    ),
    Form("chaconne", "Chaconne", 60, _usual("3/4x1:64-256"), ("ciaccona", "chaconna"), 1 / 2),
    Form("chorale", "Chorale", 66, _usual("4/4x1:8-32, 3/4x0:8-32"), ("choral",), 1 / 4),
    Form(
        "song", "Song", 90, _usual("4/4x1:8-32, 2/4x1:8-32, 3/4x1:8-32, 6/8x1:8-32"),
        ("ballad", "ballade", "lied"),
    ),
)  # fmt: skip
FORM_INDEX = {form.name: index for index, form in enumerate(FORMS)}
OTHER = FORMS[0]
_BY_WORD = {word: form for form in FORMS for word in (form.name, *form.aliases)}


_SUITES = ("suite", "suites", "partita")


def parse_form(text: str) -> Form:
    """The form of that name or alias.

    Raises:
        InputError: there is none; the message lists the forms there are and names the nearest.
    """
    word = text.strip().lower()
    if word in _BY_WORD:
        return _BY_WORD[word]
    import difflib  # noqa: PLC0415 for a mistake only

    near = difflib.get_close_matches(word[:40], _BY_WORD, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    names = ", ".join(form.name for form in FORMS)
    if text.strip().lower() in _SUITES:
        hint = ": 'play' makes suites when no form is named, and 'save' with --suite"
    raise InputError(f"form {text[:40]!r}: there is no such form{hint}; choose one of {names}")


def form_in_title(title: str) -> Form:
    """The form named in a title or file name such as ``bwv1009-3-courante``; ``OTHER`` if none.

    A plural will do: ``Menuets I and II``.
    """
    words = re.split(r"[\W\d_]+", title.lower())
    forms = (_BY_WORD.get(word) or _BY_WORD.get(word.removesuffix("s")) for word in words)
    return next(filter(None, forms), OTHER)
