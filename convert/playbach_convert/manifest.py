"""What a converted bundle says of itself: the network's sizes, and where it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from playbach.bundle import Manifest, Part, PitchRange, Provenance
from playbach.bundle.limits import MAX_ITEMS, MAX_TEXT
from playbach.command_line import one_line
from playbach.errors import InputError
from playbach_convert.pipeline import Pipeline
from playbach_train.runs.pieces import TRAINED_ON
from playbach_train.runs.run import RECORD, Run

CELLO_RANGE = PitchRange(lowest=36, highest=76)
"""C2, the lowest string, to E5, the highest note the suites ask of most hands."""


def manifest_of(
    pipeline: Pipeline, provenance: Provenance, parts: Sequence[Part], default_variant: str
) -> Manifest:
    """The manifest of the bundle that a network becomes."""
    return Manifest(
        network=pipeline.network,
        encoding=pipeline.encoding,
        range=CELLO_RANGE,
        default_variant=default_variant,
        parts=tuple(parts),
        provenance=provenance,
    )


def provenance_of(run: Run) -> Provenance:
    """Where the network comes from, within what a manifest may hold.

    Raises:
        InputError: the run's record is not what training writes.
    """
    record = run.record
    try:
        sources = [(row["source"], row["licence"]) for row in record["sources"]]
        tools = {_text(name): _text(found) for name, found in record["tools"].items()}
        held_out = _texts(record["held_out"])
        trained_on = _texts(record["training"])
        if not sources:
            raise InputError(f"{run.folder / RECORD}: names no sources; train again")
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{run.folder / RECORD}: not what training writes ({error}); train again"
        ) from error
    return Provenance(
        corpora=_texts(source for source, _ in sources),
        licences=_texts(licence for _, licence in sources),
        run=_text(run.folder.resolve().name),
        command=_text(record.get("command", "")),
        scores=_scores(run.scores),
        tools=tools | {"converted with tensorflow": version("tensorflow")},
        notes={
            "held_out": held_out,
            "movements_held_out": len(record["held_out"]),
            TRAINED_ON: trained_on,
        },
    )


def _scores(scores: Mapping[str, Any]) -> dict[str, float]:
    held_out = scores.get("held_out")
    bits = held_out if isinstance(held_out, dict) else {}
    figures = {f"held_out_{part}_bits": value for part, value in bits.items()}
    figures["epoch"] = scores.get("epoch")
    return {
        _text(name): float(value)
        for name, value in figures.items()
        if isinstance(value, int | float) and math.isfinite(value)
    }


def _texts(values: Iterable[object]) -> tuple[str, ...]:
    """Each text once, as many as a manifest may list."""
    return tuple(dict.fromkeys(_text(value) for value in values))[:MAX_ITEMS]


def _text(value: object) -> str:
    """As a manifest may hold it: one printable line that is not too long."""
    line = one_line(str(value))
    return line if len(line) <= MAX_TEXT else f"{line[: MAX_TEXT - 3]}..."
