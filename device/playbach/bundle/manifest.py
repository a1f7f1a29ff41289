"""What a bundle says of itself, as frozen records; ``docs/bundle-format.md`` has the details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from types import MappingProxyType
from typing import TypeAlias

from playbach.bundle.defect import nearest, shown
from playbach.bundle.verification import Verification
from playbach.errors import BundleError
from playbach.music.encoding import Encoding

FORMAT_VERSION = 1
"""The one format that this code reads and writes."""

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""A value of a JSON file; one that was read is frozen, its lists are tuples."""

Parameter: TypeAlias = "int | float | str"
"""A hyperparameter of a network."""

VARIANTS = ("float32", "dynamic", "float16", "int8", "edgetpu")
"""Numeric forms of one network. ``dynamic``: int8 weights, float32 inputs and outputs."""

ITEM_BYTES = MappingProxyType({"float32": 4, "int32": 4, "int8": 1, "uint8": 1})
"""Types of tensors, and the bytes of one element."""

TABLE_DTYPES = MappingProxyType({"float32": "<f4", "int8": "|i1"})
"""Types of tables, and how their raw bytes are read."""


@dataclass(frozen=True, slots=True)
class Network:
    """Which kind of network the parts are, and what the board must know to run it.

    Attributes:
        kind: name of the architecture, such as ``lstm-copy``.
        parameters: hyperparameters by name: integers, finite floats, or short strings.
    """

    kind: str
    parameters: Mapping[str, Parameter] = field(default_factory=lambda: MappingProxyType({}))

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

    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class Quantisation:
    """How an integer stands for a real number: ``real = scale * (integer - zero_point)``.

    The affine scheme of Jacob et al. 2018, arXiv 1712.05877, which TensorFlow Lite uses.

    Attributes:
        scale: greater than 0.
        zero_point: -2**31 to 2**31 - 1.
    """

    scale: float
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

    name: str
    dtype: str
    shape: tuple[int, ...]
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

    name: str
    variant: str
    role: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    sha256: str = ""
    size: int = 0


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

    name: str
    dtype: str
    shape: tuple[int, ...]
    sha256: str
    size: int


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
    """

    format: int = FORMAT_VERSION
    network: Network
    encoding: Encoding
    range: PitchRange
    default_variant: str
    parts: tuple[Part, ...]
    tables: tuple[Table, ...] = ()
    provenance: Provenance
    verification: Verification | None = None

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants there are, in the order of ``VARIANTS``."""
        return tuple(v for v in VARIANTS if any(part.variant == v for part in self.parts))

    @property
    def entries(self) -> tuple[Part | Table, ...]:
        """Parts, then tables: everything in the zip but the manifest itself."""
        return (*self.parts, *self.tables)

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


def plain(value: object) -> object:
    """A record in what ``json.dumps`` takes; fields of ``None`` are left out, mappings sorted."""
    if is_dataclass(value):
        pairs = ((f.name, getattr(value, f.name)) for f in fields(value))
        return {name: plain(member) for name, member in pairs if member is not None}
    if isinstance(value, Mapping):
        return {key: plain(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    return value
