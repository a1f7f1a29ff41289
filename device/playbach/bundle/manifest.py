"""What a bundle says of itself, as frozen records; ``docs/bundle-format.md`` has the details.

Each field has its limits in its type; ``parse_manifest`` holds what a file says against them.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, TypeAlias

from playbach.archive import MAX_NAME_BYTES, MAX_UNPACKED_BYTES, DefectError
from playbach.bundle.limits import (
    MAX_ELEMENTS,
    MAX_PARAMETERS,
    MAX_PARTS,
    MAX_RANK,
    MAX_TABLES,
    MAX_TENSORS,
)
from playbach.bundle.verification import VARIANTS, Size, Variant, Verification
from playbach.errors import BundleError, InputError
from playbach.music.encoding import MAX_PITCH, Encoding, Word
from playbach.schema import (
    Json,
    Limits,
    Scalar,
    nearest,
    object_of,
    read,
    shown,
)

MANIFEST_NAME = "manifest.json"
PERFORMER_NAME = "performer.json"
FORMAT_VERSION = 1
"""The one format that this code reads and writes."""
ITEM_BYTES = MappingProxyType({"float32": 4, "int32": 4, "int8": 1, "uint8": 1})
"""Types of tensors, and the bytes of one element."""
TABLE_DTYPES = MappingProxyType({"float32": "<f4", "int8": "|i1"})
"""Types of tables, and how their raw bytes are read."""
TABLE_SUFFIXES = MappingProxyType({"float32": ".f32", "int8": ".i8"})
SCALE_TOLERANCE = 1e-6
"""Relative; a scale is a float32 in the graph and decimal text in the manifest."""
_STEM = f"[a-z0-9][a-z0-9_-]{{0,{MAX_NAME_BYTES // 2 - 8}}}"

Pitch: TypeAlias = Annotated[int, Limits(low=0, high=MAX_PITCH)]
Axis: TypeAlias = Annotated[int, Limits(low=1, high=MAX_ELEMENTS)]
Sha256: TypeAlias = Annotated[
    str, Limits(pattern="[0-9a-f]{64}", meaning="64 lower-case hex digits", required=True)
]


@dataclass(frozen=True, slots=True)
class Network:
    """Which kind of network the parts are, and what the board must know to run it.

    Attributes:
        kind: name of the architecture, such as ``lstm-copy``.
        parameters: hyperparameters by name: integers, finite floats, or short strings.
    """

    kind: Word
    parameters: Annotated[Mapping[str, Scalar], Limits(most=MAX_PARAMETERS)] = field(
        default_factory=lambda: MappingProxyType({})
    )

    @property
    def name(self) -> str:
        """What people call it, such as ``grid``; its kind, unless a parameter ``network`` says."""
        name = self.parameters.get("network")
        return name if isinstance(name, str) and name else self.kind


@dataclass(frozen=True, slots=True)
class PitchRange:
    """Pitches the music may use, MIDI note numbers, both included.

    Attributes:
        lowest: 0 to ``highest``.
        highest: ``lowest`` to 127.
    """

    lowest: Pitch
    highest: Pitch


@dataclass(frozen=True, slots=True)
class Quantisation:
    """How an integer stands for a real number: ``real = scale * (integer - zero_point)``.

    The affine scheme of Jacob et al. 2018, arXiv 1712.05877, which TensorFlow Lite uses.

    Attributes:
        scale: greater than 0.
        zero_point: -2**31 to 2**31 - 1.
    """

    scale: Annotated[float, Limits(above=0)]
    zero_point: int

    def __str__(self) -> str:
        return f"scale {self.scale:g}, zero point {self.zero_point}"


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output of a graph.

    Attributes:
        name: as in the graph's signature.
        dtype: ``float32``, ``int8``, ``int32`` or ``uint8``.
        shape: positive sizes, rank 0 to 4.
        quantisation: for quantised tensors only.
    """

    name: Annotated[str, Limits(pattern=r"[A-Za-z0-9_.:/;-]{1,200}", meaning="a tensor's name")]
    dtype: Annotated[str, Limits(choices=tuple(ITEM_BYTES))]
    shape: Annotated[tuple[Axis, ...], Limits(most=MAX_RANK)]
    quantisation: Quantisation | None = None

    def __str__(self) -> str:
        return f"{self.dtype}{list(self.shape)}"


@dataclass(frozen=True, slots=True)
class Part:
    """One TFLite graph.

    Attributes:
        name: path in the zip, such as ``float32/step.tflite``.
        variant: one of ``VARIANTS``.
        role: what the graph computes, such as ``step`` or ``pitch``.
        inputs: its inputs.
        outputs: its outputs.
        sha256: of the unpacked bytes, lower-case hex; filled in by ``write_bundle``.
        size: unpacked bytes; filled in by ``write_bundle``.
    """

    name: Annotated[
        str,
        Limits(
            pattern=rf"({_STEM}/)?{_STEM}\.tflite", meaning="a path such as float32/step.tflite"
        ),
    ]
    variant: Variant
    role: Word
    inputs: Annotated[tuple[TensorSpec, ...], Limits(fewest=1, most=MAX_TENSORS)]
    outputs: Annotated[tuple[TensorSpec, ...], Limits(fewest=1, most=MAX_TENSORS)]
    sha256: Sha256 = ""
    size: Size = 0


@dataclass(frozen=True, slots=True)
class Table:
    """One array of numbers, stored raw, little-endian, last axis fastest.

    Attributes:
        name: path in the zip, such as ``tables/note.f32`` or ``tables/note.i8``.
        dtype: ``float32`` or ``int8``.
        shape: positive sizes, rank 1 to 4.
        sha256: of the unpacked bytes, lower-case hex.
        size: unpacked bytes.
    """

    name: Annotated[
        str,
        Limits(pattern=rf"tables/{_STEM}\.(f32|i8)", meaning="a path such as tables/note.f32"),
    ]
    dtype: Annotated[str, Limits(choices=tuple(TABLE_DTYPES))]
    shape: Annotated[tuple[Axis, ...], Limits(fewest=1, most=MAX_RANK)]
    sha256: Sha256
    size: Size


@dataclass(frozen=True, slots=True)
class PerformerEntry:
    """The table of a performer that travels with the network; it says itself where it comes from.

    Attributes:
        sha256: of the unpacked bytes, lower-case hex.
        size: unpacked bytes.
    """

    sha256: Sha256
    size: Size

    @property
    def name(self) -> str:
        """Path in the zip."""
        return PERFORMER_NAME


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a bundle comes from.

    Attributes:
        corpora: names of the corpora it was trained on.
        licences: their licences.
        run: name of the training run.
        command: the command that repeats it.
        scores: measures on held-out music by name, such as ``bits_per_note``.
        tools: versions by tool, such as ``tensorflow``.
        notes: anything else.
    """

    corpora: tuple[str, ...]
    licences: tuple[str, ...]
    run: str
    command: str
    scores: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    tools: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notes: Mapping[str, Json] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything a bundle says of itself.

    Attributes:
        format: version of the format, ``FORMAT_VERSION``.
        network: kind and hyperparameters.
        encoding: tables between events and symbols.
        range: pitches the music may use.
        default_variant: the variant to run unless another is asked for.
        parts: the graphs; one for each pair of variant and role.
        tables: the arrays; filled in by ``write_bundle``.
        provenance: where it comes from.
        verification: how near each variant is to the network, if that was measured.
        performer: how what it composes is played; filled in by ``write_bundle``.
    """

    format: Annotated[
        int,
        Limits(low=FORMAT_VERSION, high=FORMAT_VERSION, meaning=str(FORMAT_VERSION), required=True),
    ] = FORMAT_VERSION
    network: Network
    encoding: Encoding
    range: PitchRange
    default_variant: Variant
    parts: Annotated[tuple[Part, ...], Limits(fewest=1, most=MAX_PARTS)]
    tables: Annotated[tuple[Table, ...], Limits(most=MAX_TABLES, required=True)] = ()
    provenance: Provenance
    verification: Verification | None = None
    performer: PerformerEntry | None = None

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants there are, in the order of ``VARIANTS``."""
        return tuple(v for v in VARIANTS if any(part.variant == v for part in self.parts))

    @property
    def entries(self) -> tuple[Part | Table | PerformerEntry, ...]:
        """Parts, tables, performer: everything in the zip but the manifest itself."""
        performer = () if self.performer is None else (self.performer,)
        return (*self.parts, *self.tables, *performer)

    def part(self, variant: str, role: str) -> Part:
        """The graph of that variant and role.

        Raises:
            BundleError: there is none; the message lists those that there are.
        """
        for part in self.parts:
            if (part.variant, part.role) == (variant, role):
                return part
        there = [f"{part.variant}/{part.role}" for part in self.parts]
        wanted = f"{variant}/{role}"
        raise BundleError(
            f"no graph {shown(wanted)} in the bundle{nearest(wanted, there)}; "
            f"choose one of {', '.join(there)}, or convert the network again with it"
        )


def parse_manifest(raw: bytes) -> Manifest:
    """The manifest in the bytes of ``manifest.json``, which the caller has limited in size.

    Raises:
        DefectError: it is not JSON, not of this format, or says something that is not allowed.
    """
    try:
        value = object_of(_json(raw), MANIFEST_NAME)
        version = value.get("format")
        manifest = None if _is_newer(version) else read(Manifest, value, "manifest")
    except InputError as error:
        raise DefectError(*error.lines) from error
    if manifest is None:
        raise DefectError(
            f"made for a newer Play Bach "
            f"(format {shown(version)}; this one reads {FORMAT_VERSION})",
            remedy="update playbach",
        )
    check_consistent(manifest)
    return manifest


def _is_newer(version: object) -> bool:
    return isinstance(version, int) and version > FORMAT_VERSION


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


def check_consistent(manifest: Manifest) -> None:
    """Check what must hold between keys.

    Raises:
        DefectError: two keys contradict each other, or together exceed a limit.
    """
    if manifest.range.lowest > manifest.range.highest:
        raise DefectError("manifest.range.lowest is above highest; it must not be")
    if manifest.default_variant not in manifest.variants:
        raise DefectError(
            f"manifest.default_variant {shown(manifest.default_variant)}: "
            f"it must be one of the parts' variants: {', '.join(manifest.variants)}"
        )
    _check_once("name", [part.name for part in manifest.parts])
    _check_once("name", [table.name for table in manifest.tables])
    _check_once("graph", [f"{part.variant}/{part.role}" for part in manifest.parts])
    measured = manifest.verification.variants if manifest.verification else ()
    _check_once("verification of", [figures.variant for figures in measured])
    total = sum(entry.size for entry in manifest.entries)
    if total > MAX_UNPACKED_BYTES:
        raise DefectError(
            f"the parts and tables have {total} bytes; at most {MAX_UNPACKED_BYTES} are allowed"
        )
    for part in manifest.parts:
        for side, specs in (("inputs", part.inputs), ("outputs", part.outputs)):
            _check_once(f"{part.name} {side}: name", [spec.name for spec in specs])
            for spec in specs:
                _check_elements(f"{part.name}: tensor {spec.name}", spec.shape)
    for table in manifest.tables:
        _check_table(table)


def _check_once(what: str, names: list[str]) -> None:
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise DefectError(f"the manifest has the {what} {shown(min(twice))} twice")


def _check_elements(what: str, shape: tuple[int, ...]) -> None:
    if math.prod(shape) > MAX_ELEMENTS:
        raise DefectError(
            f"{what} has the shape {list(shape)}; at most {MAX_ELEMENTS} elements are allowed"
        )


def _check_table(table: Table) -> None:
    _check_elements(table.name, table.shape)
    if not table.name.endswith(TABLE_SUFFIXES[table.dtype]):
        raise DefectError(
            f"{table.name} is {table.dtype}; it must end in {TABLE_SUFFIXES[table.dtype]}"
        )
    size = math.prod(table.shape) * ITEM_BYTES[table.dtype]
    if table.size != size:
        raise DefectError(
            f"{table.name} has {table.size} bytes; {table.dtype}{list(table.shape)} takes {size}"
        )


def check_tensors(
    specs: Sequence[TensorSpec],
    actual: Sequence[TensorSpec],
    *,
    where: str = "the graph",
    wanted: str = "the manifest lists",
) -> None:
    """Compare the tensors that are wanted with those that there are, in any order.

    Args:
        specs: what is wanted, such as what the manifest lists.
        actual: what there is, such as what a graph has.
        where: what has the tensors of ``actual``: the start of the message.
        wanted: who wants those of ``specs``: a subject and its verb.

    Raises:
        BundleError: a tensor is missing, too many, or of another type, shape or scale; the message
            names the first.
    """
    wrong = _first_mismatch(specs, actual, wanted)
    if wrong:
        raise BundleError(f"{where}: {wrong}; make the bundle again with playbach-convert")


def _first_mismatch(
    specs: Sequence[TensorSpec], actual: Sequence[TensorSpec], wanted: str
) -> str | None:
    there = {spec.name: spec for spec in actual}
    for spec in specs:
        found = there.pop(spec.name, None)
        if found is None:
            return f"it has no tensor {shown(spec.name)}{nearest(spec.name, there)}"
        if (spec.dtype, spec.shape) != (found.dtype, found.shape):
            return f"tensor {shown(spec.name)} is {found}, and {wanted} {spec}"
        if not same_scale(spec.quantisation, found.quantisation):
            return (
                f"tensor {shown(spec.name)} has {found.quantisation or 'no scale'}, "
                f"and {wanted} {spec.quantisation or 'no scale'}"
            )
    return next((f"its tensor {shown(name)} is none that {wanted}" for name in there), None)


def same_scale(a: Quantisation | None, b: Quantisation | None) -> bool:
    """Whether integers mean the same real numbers under both, or both are missing."""
    if a is None or b is None:
        return a is b
    same = math.isclose(a.scale, b.scale, rel_tol=SCALE_TOLERANCE)
    return same and a.zero_point == b.zero_point
