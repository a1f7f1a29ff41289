"""Links to movements: what a Play Bach must know to compose one that was heard on another.

    play=42.18&form=gigue&key=D+minor&meter=12%2F8&temperature=1.2&model=0123456789ab&...

The movement is the same where seed, number, what is asked of the composer and the model are. Other
versions may compose otherwise, and so may other variants and processors, whose arithmetic differs
in the last bit.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode

from playbach import __version__
from playbach.composer.settings import Sampling
from playbach.errors import InputError
from playbach.schema import Value, changed
from playbach.session.settings import DEFAULTS, MOST_SEED, Settings
from playbach.stream import Movement, Place

MOST_NUMBER = 1_000_000
"""Of a movement: decades of music."""
MOST_TEXT = 1_000
"""Characters of a link."""
_MOST_PARTS = 40
_PLACE = re.compile(r"([0-9]{1,19})\.([0-9]{1,7})", re.ASCII)
_ASKED = ("form", "key", "meter", "repeats")
"""Settings that are asked of the movement alone."""
_KEPT = tuple(field.name for field in fields(Sampling))
"""Settings that hold for all music."""
_ABOUT = ("model", "variant", "processor", "version")
_SAYS = "a link to a movement begins with play=SEED.NUMBER"


@dataclass(frozen=True, slots=True)
class Origin:
    """What composes, as far as it decides what is composed."""

    model: str  # digest of the model
    variant: str  # of the model
    processor: str = platform.machine()  # kind of processor
    version: str = __version__  # of the program


@dataclass(frozen=True, slots=True)
class Link:
    """A movement to be played."""

    place: Place  # where it stands in the music of its seed
    asked: Settings  # form, key, meter and repeats of it
    kept: Mapping[str, Value]  # settings that it was composed with, beside those
    about: Mapping[str, str]  # what it was composed by, as far as the link says

    def differences(self, here: Origin) -> tuple[str, ...]:
        """Why it may be other music here, a line each; none if it is the same."""
        return tuple(
            f"{name} {theirs} there, {getattr(here, name)} here"
            for name, theirs in self.about.items()
            if theirs != getattr(here, name)
        )


def link_to(movement: Movement, settings: Settings, origin: Origin) -> str:
    """The text of a link; the settings are those that it was composed with."""
    place = movement.place
    said: dict[str, object] = {
        "play": f"{place.seed}.{place.number}",
        "form": movement.form.name,
        "key": movement.key,
        "meter": movement.meter,
    }
    for name in ("repeats", *_KEPT):
        if getattr(settings, name) != getattr(DEFAULTS, name):
            said[name] = getattr(settings, name)
    return urlencode({**said, **{name: getattr(origin, name) for name in _ABOUT}})


def read_link(text: str) -> Link:
    """The link that a text is; what stands before a ``#`` in it is left out.

    Raises:
        InputError: it is none, or says what is not allowed.
    """
    # What is longer is no query at all.
    query = text.rpartition("#")[2] if len(text) <= MOST_TEXT else ""
    try:
        parts = parse_qsl(query, strict_parsing=True, max_num_fields=_MOST_PARTS)
    except ValueError as error:
        raise InputError(f"this is no link: {_SAYS}") from error
    said = dict(parts)
    place = _place(said.pop("play", ""))
    about = {name: said.pop(name)[:MOST_TEXT] for name in _ABOUT if name in said}
    if strange := said.keys() - {*_ASKED, *_KEPT}:
        raise InputError(f"link: {min(strange)[:40]!r}: it says nothing of a movement; {_SAYS}")
    settings = changed(DEFAULTS, said)
    kept = {name: getattr(settings, name) for name in _KEPT}
    return Link(place, settings, MappingProxyType(kept), MappingProxyType(about))


def _place(text: str) -> Place:
    found = _PLACE.fullmatch(text)
    seed, number = (int(found[1]), int(found[2])) if found else (-1, 0)
    if not (0 <= seed <= MOST_SEED and 1 <= number <= MOST_NUMBER):
        raise InputError(
            f"link: play {text[:40]!r}: it must be a seed, a dot and the number of a movement, at "
            f"most {MOST_NUMBER:,}, such as 42.18"
        )
    return Place(seed, number)
