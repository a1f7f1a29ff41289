"""Corpora: scores of several kinds and places, as movements to train on.

A score is read when it is asked for; what cannot be read is named and skipped. Corpora with names
are rows of ``named.NAMED_CORPORA``.
"""

from playbach_train.corpus.load import Source, load
from playbach_train.corpus.records import (
    Corpus,
    Provenance,
    Request,
    Say,
    ScoreMovement,
    Skipped,
)

__all__ = [
    "Corpus",
    "Provenance",
    "Request",
    "Say",
    "ScoreMovement",
    "Skipped",
    "Source",
    "load",
]
