"""What is compared: which networks learn from what, and on what they are measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from playbach.errors import InputError
from playbach.music.note import Piece
from playbach_train.corpus import Request, load
from playbach_train.networks.table import NETWORKS
from playbach_train.runs.pieces import kept_scores

KEPT_BACK = (
    "bwv1007-7-gigue", "bwv1008-4-sarabande", "bwv1009-3-courante", "bwv1010-2-allemande",
    "bwv1011-5-gavotte-1", "bwv1012-1-prelude",
)  # fmt: skip
"""Movements of the suites that no network here has ever seen, and that this does not look at."""

MEASURED = (
    "bwv1007-1-prelude", "bwv1008-2-allemande", "bwv1009-4-sarabande", "bwv1010-7-gigue",
    "bwv1011-3-courante", "bwv1012-4-sarabande",
)  # fmt: skip
"""One movement of each suite; measured on once, by the weights that other movements chose."""

_PATIENCE = ("--training.patience", "3")


@dataclass(frozen=True)
class Study:
    """Networks trained on the same music."""

    prefix: str  # of the names of its rows; ``""`` for the main one
    corpora: tuple[str, ...]  # names, or folders of scores
    measured: tuple[str, ...]  # movements that every network is measured on, and none learns from
    # movements that are left out of everything, or patterns of their names
    kept_back: tuple[str, ...]
    networks: tuple[str, ...]  # its rows, names of ``NETWORKS``
    # of the movements that are generated and compared; those of them that are there
    forms: tuple[str, ...]
    # further options of training, by network
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    licence: str = ""  # terms of scores that state none
    limit: int = 0  # movements read of each corpus; 0 for all

    @property
    def names(self) -> dict[str, str]:
        """Name of each row, and its network."""
        return {f"{self.prefix}{network}": network for network in self.networks}

    @property
    def training_options(self) -> tuple[str, ...]:
        """What says to ``playbach-train`` which scores are read."""
        excluded = (*self.kept_back, *self.measured)
        return (
            *_sources(self.corpora),
            *(word for name in excluded for word in ("--exclude", name)),
            *(("--licence", self.licence) if self.licence else ()),
            *(("--limit", str(self.limit)) if self.limit else ()),
        )


@dataclass(frozen=True)
class Music:
    """The scores of a study."""

    real: Mapping[str, Piece]  # what there is to learn from, by name
    measured: Mapping[str, Piece]  # what is measured on


BACH = Study(
    prefix="",
    corpora=("cello-suites", "bach-solo"),
    measured=MEASURED,
    kept_back=KEPT_BACK,
    networks=tuple(NETWORKS),
    forms=(
        "prelude", "allemande", "courante", "sarabande", "menuet", "bourree", "gavotte", "gigue",
    ),
    options={
        "windowed": (*_PATIENCE, "--training.random_windows", "true"),
        "multihead": _PATIENCE,
        "grid": _PATIENCE,
    },
)  # fmt: skip
BALLADS = Study(
    prefix="ballads-",
    corpora=("essen-ballads",),
    measured=(),
    kept_back=(
        "altdeu*", "boehme*", "dva*", "erk*", "fink*", "folkHaydn*", "han*", "irl*", "kinder*",
        "lot*", "lux*", "test*", "variant*", "zuccal*",
    ),
    networks=("grid", "gan"),
    forms=("song",),
    options={"grid": (*_PATIENCE, "--training.epochs", "8")},
    limit=300,
)  # fmt: skip
STUDIES: Mapping[str, Study] = {"bach": BACH, "ballads": BALLADS}


def music_of(study: Study, folder: Path) -> Music:
    """The study's scores: what the run in ``folder`` keeps, and what is to be measured."""
    kept = kept_scores(folder)
    real = {
        name: piece
        for name, piece in sorted({**kept.training, **kept.held_out}.items())
        if name not in study.measured and len(piece.notes) > 1
    }
    return Music(real, _measured(study))


def _measured(study: Study) -> dict[str, Piece]:
    if not study.measured:
        return {}
    corpora = [Path(one) if "/" in one else one for one in study.corpora]
    found = load(corpora, Request(exclude=study.kept_back), report=lambda _: None).movements
    pieces = {movement.name: movement.piece for movement in found}
    if missing := [name for name in study.measured if name not in pieces]:
        raise InputError(f"{' '.join(study.corpora)}: there is no {missing[0]} to measure on")
    return {name: pieces[name] for name in study.measured}


def _sources(corpora: Sequence[str]) -> list[str]:
    """Options for each corpus: one by name, or a folder, whose path has a slash."""
    return [word for one in corpora for word in ("--midi" if "/" in one else "--corpus", one)]
