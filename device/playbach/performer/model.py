"""What a performer has learned from players and editions, and the table in JSON that holds it.

``playbach-train performance`` fits it. The one included has its tempo from violinists who play
Bach's sonatas and partitas, its slurs from engravings of these and of the cello suites.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from playbach.errors import InputError
from playbach.performer.features import FEATURES
from playbach.performer.slurs import SlurModel
from playbach.performer.tempo import TempoModel, Tree
from playbach.schema import Limits, read

INCLUDED = Path(__file__).parent / "violinists.json"
FORMAT = 2
MAX_TABLE_BYTES = 200_000
REMEDY = "make one with 'playbach-train performance fit'"


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformerModel:
    """What a performer does.

    Attributes:
        format: of the table.
        tempo: with the duration of beats.
        slurs: with slurs.
    """

    format: Annotated[
        int, Limits(low=FORMAT, high=FORMAT, meaning=f"the format of the table, {FORMAT}")
    ] = FORMAT
    tempo: TempoModel
    slurs: SlurModel


@functools.cache
def included() -> PerformerModel:
    """The one that is shipped."""
    return read_performer(INCLUDED)


def read_performer(path: Path) -> PerformerModel:
    """The table in a file.

    Raises:
        InputError: it cannot be read, is too large, or is none.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_TABLE_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}; {REMEDY}") from error
    try:
        return performer_in(content)
    except InputError as error:
        raise InputError(*(f"{path}: {line}; {REMEDY}" for line in error.lines)) from error


def performer_in(content: bytes) -> PerformerModel:
    """The table in these bytes.

    Raises:
        InputError: they are too many, or none.
    """
    if len(content) > MAX_TABLE_BYTES:
        raise InputError(f"it is larger than the {MAX_TABLE_BYTES:,} bytes that are read")
    try:
        table = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError("it is no table of a performer (not JSON)") from error
    return read(PerformerModel, table, "performer")


def as_json(model: PerformerModel) -> str:
    """The table as it is read; numbers have four digits."""
    tempo, slurs = model.tempo, model.slurs
    table = {
        "format": FORMAT,
        "tempo": {
            "made_from": dict(tempo.made_from),
            "constant": _short(tempo.constant),
            "rules": {FEATURES[index]: _short(weight) for index, weight in tempo.rules},
            "trees": [_nested(tree) for tree in tempo.trees],
        },
        "slurs": {
            "made_from": dict(slurs.made_from),
            "share": _short(slurs.share),
            "spread": _short(slurs.spread),
            "constant": _short(slurs.constant),
            "weights": {name: _short(weight) for name, weight in slurs.weights.items()},
        },
    }
    return f"{_lines(table)}\n"


def _lines(value: object, depth: int = 0) -> str:
    """JSON with a line for each member of the table's parts, and for each tree."""
    pad = " " * depth
    if isinstance(value, Mapping) and depth < 2:  # noqa: PLR2004 the table and its parts
        members = (f"{pad} {json.dumps(key)}: {_lines(value[key], depth + 1)}" for key in value)
        return "{\n" + ",\n".join(members) + f"\n{pad}}}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"{pad} {json.dumps(one)}" for one in value) + f"\n{pad}]"
    return json.dumps(value, ensure_ascii=False)


def _nested(tree: Tree) -> list[Any] | float:
    if isinstance(tree, tuple):
        feature, threshold, low, high = tree
        return [FEATURES[feature], _short(threshold), _nested(low), _nested(high)]
    return _short(tree)


def _short(number: float) -> float:
    return float(f"{number:.4g}")
