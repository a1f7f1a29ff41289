"""The movements a network learned from, found again without being told where they are."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playbach.bundle import Provenance
from playbach.errors import InputError
from playbach.music.note import Piece
from playbach_train.corpus import Request, ScoreMovement, load
from playbach_train.corpus.manifest import packaged_manifest
from playbach_train.corpus.named import NAMED_CORPORA
from playbach_train.kept_scores import kept_scores
from playbach_train.run import read_record

TRAINED_ON = "trained_on"
"""The note in a bundle's manifest that lists the names of these movements."""


def of_run(folder: Path) -> dict[str, Piece]:
    """The movements that the run in ``folder`` keeps.

    Raises:
        InputError: it keeps none, or only some of those it was trained on.
    """
    kept = dict(kept_scores(folder).training)
    count = len(read_record(folder).get("training", ()))
    if len(kept) != count:
        raise InputError(
            f"{folder}: keeps only {len(kept)} of {count} training movements; train again"
        )
    return kept


def of_bundle(provenance: Provenance, where: str) -> dict[str, Piece]:
    """The movements that a bundle's manifest lists, from corpora in this user's cache.

    Args:
        provenance: of the bundle.
        where: the bundle is, for messages.

    Raises:
        InputError: it lists none, they belong to no named corpus, or some are not compiled here.
    """
    names = _texts(provenance.notes.get(TRAINED_ON))
    if not names:
        raise InputError(f"{where}: does not say what it was trained on")
    known = {corpus.name for corpus in NAMED_CORPORA}
    if not known.issuperset(provenance.corpora):
        raise InputError(f"{where}: was trained on scores that belong to no named corpus")
    found = {movement.name: movement.piece for movement in _compiled_here(provenance.corpora)}
    missing = [name for name in names if name not in found]
    if missing:
        raise InputError(
            f"{where}: {len(missing)} of its {len(names)} training movements are not "
            f"compiled here, such as {missing[0]}"
        )
    return {name: found[name] for name in names}


def _compiled_here(corpora: tuple[str, ...]) -> tuple[ScoreMovement, ...]:
    """Movements of named corpora without downloading any."""
    with tempfile.TemporaryDirectory() as empty:
        # A copy of the repository in which everything is missing: only the cache is left.
        (Path(empty) / packaged_manifest().base).mkdir(parents=True)
        request = Request(from_dir=Path(empty), partial=True)
        return load(list(corpora), request, report=_nothing).movements


def _texts(value: object) -> list[str]:
    """``value`` if it is a list of texts, as a manifest of ours has it; else nothing."""
    if isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value):
        return [str(name) for name in value]
    return []


def _nothing(line: str) -> None:
    del line
