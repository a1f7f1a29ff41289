"""Where the excerpts of a listening test come from: real movements, networks, other files."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from playbach.bundle import read_bundle
from playbach.composer.settings import Sampling
from playbach.errors import InputError
from playbach.midi.files import Placed
from playbach.music.form import Form
from playbach.performer.model import PerformerModel, included
from playbach.performer.performer import Manner, Performer
from playbach.predictor import load_predictor
from playbach_train.corpus import Request, Source, load
from playbach_train.corpus.records import Say
from playbach_train.listening.excerpt import Excerpt, cut, played
from playbach_train.report.generate import generate

REAL = "real"
"""Label of the music that is not generated."""

LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}")
TRIES = 20
"""Movements that a network may compose for one excerpt before it is given up."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An excerpt, and what it was taken from."""

    source: str  # label, such as ``real``
    movement: str  # name of the movement, or of what was asked of the network
    form: str  # the word for its form
    excerpt: Excerpt  # the notes
    whole: Placed  # the movement; without inner borders if it is read from a score


@dataclass(frozen=True, slots=True)
class Origin:
    """A source: its label and what the key says of it."""

    label: str  # unique in a test
    taken: tuple[Taken, ...]  # its excerpts
    facts: Mapping[str, str] = field(default_factory=dict)  # what the answer key says of it


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of each source."""

    count: int  # excerpts
    seconds: float  # their length
    seed: int  # of what is chosen and composed

    def rng(self, label: str) -> np.random.Generator:
        """Chance for one source, whatever other sources there are."""
        digest = hashlib.sha256(label.encode()).digest()
        return np.random.default_rng([self.seed, int.from_bytes(digest[:8], "big")])


def labelled(words: Iterable[str]) -> dict[str, Path]:
    """Paths by label, from ``LABEL=PATH`` or a path alone, whose stem is then its label.

    Raises:
        InputError: two have one label, or a label is none.
    """
    found: dict[str, Path] = {}
    for word in words:
        before, sign, after = word.partition("=")
        given = bool(sign and LABEL.fullmatch(before))
        path = Path(after if given else word)
        label = before if given else path.stem
        if not LABEL.fullmatch(label):
            raise InputError(
                f"{word}: give it a label, as in mine={path.name}: up to 40 letters, digits, "
                "spaces, dots, - or _"
            )
        if label in found or label == REAL:
            raise InputError(f"{word}: there is a source {label!r} already; write LABEL=PATH")
        found[label] = path
    return found


def scores(
    label: str, sources: Sequence[Source], request: Request, wanted: Wanted, report: Say
) -> Origin:
    """Excerpts of as many different movements, drawn by chance.

    Raises:
        InputError: the scores cannot be read, or too few of them are long enough.
    """
    rng = wanted.rng(label)
    movements = load(sources, request, report=report).movements
    drawn = (movements[int(index)] for index in rng.permutation(len(movements)))
    excerpts = ((one, cut(one.piece, wanted.seconds, rng)) for one in drawn)
    taken = (
        Taken(label, one.name, piece.form.name, excerpt, Placed(piece, piece.form.tempo, piece.end))
        for one, excerpt in excerpts
        for piece in [one.piece]
        if excerpt
    )
    found = tuple(islice(taken, wanted.count))
    if len(found) < wanted.count:
        raise InputError(
            f"{label}: {len(found)} of {len(movements)} movements have {wanted.seconds:g} s of "
            f"music, and {wanted.count} are wanted; lower --excerpts or --seconds, or give more"
        )
    return Origin(label, found, {"kind": "scores", "from": ", ".join(map(str, sources))})


def composed(
    label: str, path: Path, forms: Sequence[Form], sampling: Sampling, wanted: Wanted
) -> Origin:
    """Excerpts of movements that the network of a bundle composes, of these forms in turn.

    Raises:
        BundleError: the bundle cannot be used.
        InputError: its movements are too short for excerpts.
    """
    bundle = read_bundle(path)
    loaded = load_predictor(bundle), bundle.manifest.range
    endless = {form: generate(loaded, form, sampling, seed=wanted.seed) for form in forms}
    rng = wanted.rng(label)
    taken = tuple(
        _long_enough(label, form, endless[form], wanted, rng)
        for form in islice(cycle(forms), wanted.count)
    )
    network = bundle.manifest.network
    return Origin(
        label,
        taken,
        {
            "kind": "network",
            "network": str(network.parameters.get("network", network.kind)),
            "run": bundle.manifest.provenance.run,
            "variant": bundle.manifest.default_variant,
            "file": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        },
    )


def _long_enough(
    label: str, form: Form, movements: Iterator[Placed], wanted: Wanted, rng: np.random.Generator
) -> Taken:
    for whole in islice(movements, TRIES):
        excerpt = cut(whole.piece, wanted.seconds, rng)
        if excerpt:
            return Taken(label, whole.piece.title, form.name, excerpt, whole)
    raise InputError(
        f"{label}: none of {TRIES} movements composed as {form.name} has {wanted.seconds:g} s of "
        "music; lower --seconds"
    )


def performed(origin: Origin, model: PerformerModel | None, seed: int) -> list[Origin]:
    """The same excerpts in three ways: evenly, by fitted rules alone, and with all that is learned.

    Rules and the learned player draw the same chances.

    Args:
        origin: excerpts, and the movements they are from.
        model: of the learned player; ``None`` for the one included.
        seed: of what is drawn.
    """
    learned = model or included()
    rules = replace(
        learned,
        tempo=replace(learned.tempo, trees=()),
        slurs=replace(learned.slurs, constant=-math.inf),
    )
    ways = {
        "even": (Manner(expression=0.0), learned),
        "rules": (Manner(), rules),
        "learned": (Manner(), learned),
    }
    return [
        Origin(
            label,
            tuple(
                replace(
                    one,
                    source=label,
                    excerpt=played(one.whole, one.excerpt, Performer(manner, seed + number, model)),
                )
                for number, one in enumerate(origin.taken)
            ),
            origin.facts,
        )
        for label, (manner, model) in ways.items()
    ]
