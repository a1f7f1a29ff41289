"""How often a movement comes back to the theme that it was given, and how it does.

A return is a place after the theme at which its first four steps of the scale come again, between
the highest notes of five onsets one after another, in any rhythm and at any pitch. Each theme is
given to several movements; beside them stand movements of the same forms, keys and meters that were
composed without it, in which the same steps are looked for: that is the chance rate.

    python -m bench.theme [--bundle FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile

from bench.report import Figure, composer_of, run

from playbach.bundle import Bundle, read_bundle
from playbach.composer.composer import ComposerSettings
from playbach.composer.settings import Wishes
from playbach.music.form import parse_form
from playbach.music.key import Key, Mode
from playbach.music.note import Note
from playbach.music.scale import steps_between
from playbach.music.theme import HEAD, Theme
from playbach.stream import Movement, MovementEnd
from playbach.themes import theme_from_notes

THEMES = {
    "of the manual": "D4/8 F4 E4 A4 G4 Bb4 A4/4.",
    "royal": "C3/2 Eb3 G3 Ab3 B2/2 r/4 G3 F#3/2 F3 E3 Eb3/2. D3/4 Db3 C3 B2 r/8 G2 C3/4 F3/4",
    "in one bar": "G3/16 A3 B3 C4 A3 B3 G3 D4 G4 F#4 G4 A4 B4 G4 F#4 E4",
    "with an upbeat": "A3/8 | D4/4 F4 E4/8 D4 C#4/4 D4/2.",
    "a round": "C3/4 D3 E3 C3 C3 D3 E3 C3 E3 F3 G3/2 E3/4 F3 G3/2",
    "in thirds": "E3+C4/4 F3+D4 G3+E4/2 F3+D4/4 E3+C4 D3+B3/2",
    "a siciliano": "D4/8. E4/16 D4/8 F#4/4 G4/8 A4/8. B4/16 A4/8 D4/4.",
    "in leaps": "D3/4 A3 F3/8 D4 Bb3/4 C#4 A3 D4/2",
}
MOVEMENTS = 12
"""Of each theme."""
FORMS = ("prelude", "allemande", "courante", "sarabande", "gigue", "allegro")


def measure(options: argparse.Namespace) -> list[Figure]:
    return list(figures(read_bundle(options.bundle)))


def figures(bundle: Bundle) -> Iterator[Figure]:
    themes = {name: theme_from_notes(text) for name, text in THEMES.items()}
    with_theme: list[bool] = []
    by_chance: list[bool] = []
    kinds: list[set[str]] = []
    began = time.perf_counter()
    for name, theme in themes.items():
        found = [returns(theme, *compose(bundle, theme, seed)) for seed in range(MOVEMENTS)]
        chance = [returns(theme, *compose(bundle, theme, seed, given=False))
                  for seed in range(MOVEMENTS)]  # fmt: skip
        with_theme += map(bool, found)
        by_chance += map(bool, chance)
        kinds += found
        share = sum(map(bool, found)) / MOVEMENTS
        yield Figure(f"theme {name}: it returns", share, "", "at least 0.9")
        yield Figure(f"theme {name}: by chance", sum(map(bool, chance)) / MOVEMENTS, "")
    count = len(with_theme)
    yield Figure("movements with a theme", count, "")
    yield Figure("its first four steps return", sum(with_theme) / count, "", "at least 0.9")
    yield Figure("they are there by chance", sum(by_chance) / count, "")
    yield Figure("it returns at another pitch", _share(kinds, "moved"), "")
    yield Figure("it returns in another rhythm", _share(kinds, "varied"), "")
    yield Figure("seconds", time.perf_counter() - began, "s")


def _share(kinds: Sequence[set[str]], kind: str) -> float:
    return sum(kind in found for found in kinds) / len(kinds)


def compose(
    bundle: Bundle, theme: Theme, seed: int, *, given: bool = True
) -> tuple[Movement, list[Note]]:
    """A movement that begins with a theme, or just one like it."""
    form = parse_form(FORMS[seed % len(FORMS)])
    wishes = Wishes(form=form, key=theme.key, meter=theme.meter)
    settings = ComposerSettings(wishes, theme=theme if given else None)
    composer = composer_of(bundle, seed=seed, settings=settings)
    movement = next(item for item in composer if isinstance(item, Movement))
    whole = takewhile(lambda item: not isinstance(item, MovementEnd), composer)
    return movement, [item for item in whole if isinstance(item, Note)]


def returns(theme: Theme, movement: Movement, notes: Sequence[Note]) -> set[str]:
    """How the head of a theme comes again after it: ``same``, ``moved``, ``varied``; in any way.

    A movement without it is looked at from the same place on.
    """
    head = line(theme.notes)[:HEAD]
    wanted = steps(head, theme.key)
    later = line([note for note in notes if note.onset >= theme.length])
    moves = steps(later, movement.key)
    found: set[str] = set()
    for at in range(len(moves) - len(wanted) + 1):
        if moves[at : at + len(wanted)] != wanted:
            continue
        place = later[at : at + len(head)]
        apart = {(one.pitch - other.pitch) % 12 for one, other in zip(place, head, strict=True)}
        gaps = [[b.onset - a.onset for a, b in pairwise(row)] for row in (place, head)]
        found.add("same" if apart == {0} else "moved")
        if gaps[0] != gaps[1]:
            found.add("varied")
    return found


def line(notes: Sequence[Note]) -> list[Note]:
    """The highest note of each onset."""
    return list({note.onset: note for note in notes}.values())


def steps(notes: Sequence[Note], key: Key) -> list[int]:
    """Steps of the scale from note to note."""
    minor = 12 * (key.mode is Mode.MINOR)
    degrees = [(note.pitch - key.tonic) % 12 + minor for note in notes]
    moves = [b.pitch - a.pitch for a, b in pairwise(notes)]
    return [steps_between(degree, move) for degree, move in zip(degrees, moves, strict=False)]


if __name__ == "__main__":
    run("theme", measure)
