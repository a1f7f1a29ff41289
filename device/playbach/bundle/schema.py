"""The schema of ``manifest.json``: a row for each key, with the check of its value."""

from __future__ import annotations

import json
import math
from collections import Counter

from playbach.bundle.checks import (
    ascending,
    distinct,
    exactly,
    free,
    integer,
    list_of,
    mapping_of,
    matching,
    number,
    one_of,
    parameter,
    positive,
    record,
    text,
)
from playbach.bundle.consistency import check_consistent
from playbach.bundle.defect import DefectError, shown
from playbach.bundle.limits import (
    MAX_ELEMENTS,
    MAX_INTEGER,
    MAX_ITEMS,
    MAX_NAME_BYTES,
    MAX_PARAMETERS,
    MAX_PITCH,
    MAX_RANK,
    MAX_SYMBOLS,
    MAX_TENSORS,
    MAX_TICKS,
    MAX_UNPACKED_BYTES,
)
from playbach.bundle.manifest import (
    FORMAT_VERSION,
    ITEM_BYTES,
    TABLE_DTYPES,
    VARIANTS,
    Manifest,
    Network,
    Part,
    PitchRange,
    Provenance,
    Quantisation,
    Table,
    TensorSpec,
)
from playbach.bundle.verification import Drift, VariantFigures, Verification
from playbach.music.encoding import Encoding

MANIFEST_NAME = "manifest.json"
STEM = f"[a-z0-9][a-z0-9_-]{{0,{MAX_NAME_BYTES // 2 - 8}}}"
MAX_PARTS = 60
MAX_TABLES = 60

WORD = matching(r"[a-z][a-z0-9_-]{0,31}", "a lower-case name of at most 32 letters, digits, - or _")
METER = matching(r"([1-9]|[12]\d|3[0-2])/(1|2|4|8|16|32)", "a meter such as 3/4")
PART_NAME = matching(rf"({STEM}/)?{STEM}\.tflite", "a path such as float32/step.tflite")
TABLE_NAME = matching(rf"tables/{STEM}\.(f32|i8)", "a path such as tables/note.f32")
TENSOR_NAME = matching(r"[A-Za-z0-9_.:/;-]{1,200}", "a tensor's name")
SHA256 = matching(r"[0-9a-f]{64}", "64 lower-case hex digits")
SIZE = integer(1, MAX_UNPACKED_BYTES)
AXIS = integer(1, MAX_ELEMENTS)
TEXTS = list_of(text, 0, MAX_ITEMS)
TICKS = integer(0, MAX_TICKS)

NETWORK = record(Network, {"kind": WORD}, {"parameters": mapping_of(parameter, MAX_PARAMETERS)})
ENCODING = record(
    Encoding,
    {
        "shifts": ascending(list_of(TICKS, 1, MAX_SYMBOLS)),
        "durations": ascending(list_of(integer(1, MAX_TICKS), 1, MAX_SYMBOLS)),
        "widest": integer(1, MAX_PITCH),
        "forms": distinct(list_of(WORD, 1, MAX_PARAMETERS)),
        "meters": distinct(list_of(METER, 0, MAX_PARAMETERS)),
        "version": integer(1, MAX_INTEGER),
    },
)
PITCH = integer(0, MAX_PITCH)
RANGE = record(PitchRange, {"lowest": PITCH, "highest": PITCH})
QUANTISATION = record(
    Quantisation,
    {"scale": positive, "zero_point": integer(-MAX_INTEGER - 1, MAX_INTEGER)},
)
TENSOR = record(
    TensorSpec,
    {
        "name": TENSOR_NAME,
        "dtype": one_of(tuple(ITEM_BYTES)),
        "shape": list_of(AXIS, 0, MAX_RANK),
    },
    {"quantisation": QUANTISATION},
)
TENSORS = list_of(TENSOR, 1, MAX_TENSORS)
PART = record(
    Part,
    {
        "name": PART_NAME,
        "variant": one_of(VARIANTS),
        "role": WORD,
        "inputs": TENSORS,
        "outputs": TENSORS,
        "sha256": SHA256,
        "size": SIZE,
    },
)
TABLE = record(
    Table,
    {
        "name": TABLE_NAME,
        "dtype": one_of(tuple(TABLE_DTYPES)),
        "shape": list_of(AXIS, 1, MAX_RANK),
        "sha256": SHA256,
        "size": SIZE,
    },
)
PROVENANCE = record(
    Provenance,
    {"corpora": TEXTS, "licences": TEXTS, "run": text, "command": text},
    {
        "scores": mapping_of(number, MAX_ITEMS),
        "tools": mapping_of(text, MAX_ITEMS),
        "notes": mapping_of(free, MAX_ITEMS),
    },
)
COUNT = integer(0, MAX_INTEGER)
DRIFT = record(
    Drift,
    {"steps": COUNT, "divergence": number, "agreement": number, "largest_cell": number},
)
FIGURES = record(
    VariantFigures,
    {
        "variant": one_of(VARIANTS),
        "size": SIZE,
        "probability": number,
        "divergence": number,
        "agreement": number,
        "steps_per_second": number,
    },
    {"bits": number, "drift": DRIFT},
)
VERIFICATION = record(
    Verification,
    {
        "music": text,
        "steps": COUNT,
        "machine": text,
        "variants": list_of(FIGURES, 0, len(VARIANTS)),
    },
    {"bits": number},
)
MANIFEST = record(
    Manifest,
    {
        "format": exactly(FORMAT_VERSION),
        "network": NETWORK,
        "encoding": ENCODING,
        "range": RANGE,
        "parts": list_of(PART, 1, MAX_PARTS),
        "tables": list_of(TABLE, 0, MAX_TABLES),
        "default_variant": one_of(VARIANTS),
        "provenance": PROVENANCE,
    },
    {"verification": VERIFICATION},
)


def parse_manifest(raw: bytes) -> Manifest:
    """The manifest in the bytes of ``manifest.json``, which the caller has limited in size.

    Raises:
        DefectError: it is not JSON, not of this format, or says something that is not allowed.
    """
    value = _json(raw)
    if not isinstance(value, dict):
        raise DefectError(f"{MANIFEST_NAME} is {shown(value)}; it must be an object")
    version = value.get("format")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise DefectError(
            f"made for a newer Play Bach "
            f"(format {shown(version)}; this one reads {FORMAT_VERSION})",
            remedy="update playbach",
        )
    manifest = MANIFEST(value, "manifest")
    check_consistent(manifest)
    return manifest


def _json(raw: bytes) -> object:
    try:
        return json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_finite,
            parse_constant=_finite,
        )
    # ValueError: not UTF-8, not JSON, or a number of thousands of digits.
    except (ValueError, RecursionError) as defect:
        raise DefectError(f"{MANIFEST_NAME} is not JSON ({shown(str(defect))})") from defect


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        twice = next(name for name, count in Counter(n for n, _ in pairs).items() if count > 1)
        raise DefectError(f"{MANIFEST_NAME} has the key {shown(twice)} twice in one object")
    return members


def _finite(word: str) -> float:
    value = float(word)
    if math.isfinite(value):
        return value
    raise DefectError(f"{MANIFEST_NAME} holds the number {shown(word)}; numbers must be finite")
