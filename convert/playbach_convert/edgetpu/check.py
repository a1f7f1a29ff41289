"""Checks which operations of a graph the Edge TPU's compiler maps, and how many run on the CPU.

The compiler makes one partition: from the first operation that does not map on, everything runs
on the CPU (Coral, "TensorFlow models on the Edge TPU", section "Compiling").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playbach_convert.edgetpu.flatbuffer import Operation, read_operations
from playbach_convert.edgetpu.rules import EVERY, OPERATIONS

COMPILED = "edgetpu-custom-op"
"""The custom operation that stands for what the compiler has put on the Edge TPU."""


@dataclass(frozen=True)
class Finding:
    """Whether one operation maps to the Edge TPU."""

    number: int  # its place in the graph, from 0
    operation: Operation  # itself
    reason: str  # why it does not map, ``""`` if it does

    @property
    def line(self) -> str:
        """For the user."""
        outputs = ", ".join(str(tensor) for tensor in self.operation.outputs[:2])
        more = ", ..." if len(self.operation.outputs) > 2 else ""  # noqa: PLR2004 the two shown
        verdict = f"no: {self.reason}" if self.reason else "maps"
        name = _plain(self.operation.name)
        return f"{self.number:4}  {name:<24} {outputs + more:<28} {verdict}"


@dataclass(frozen=True)
class Placement:
    """What of a graph runs on the Edge TPU, and what on the CPU."""

    findings: tuple[Finding, ...]  # one for each operation, in the order in which they run

    @property
    def first_refused(self) -> Finding | None:
        """The operation that ends the partition, ``None`` if there is none."""
        return next((finding for finding in self.findings if finding.reason), None)

    @property
    def mapped(self) -> int:
        """How many operations run on the Edge TPU: those before the first that does not map."""
        first = self.first_refused
        return len(self.findings) if first is None else first.number

    @property
    def whole(self) -> bool:
        """Whether there are operations and all of them map."""
        return bool(self.findings) and self.first_refused is None

    @property
    def compiled(self) -> bool:
        """Whether all of it is compiled for the Edge TPU."""
        names = [finding.operation.name for finding in self.findings if not finding.reason]
        return self.whole and set(names) == {COMPILED}

    @property
    def cost(self) -> str:
        """One line: how much maps, and what the first operation that does not costs."""
        count, first = len(self.findings), self.first_refused
        if not count:
            return "there is no operation in it"
        if self.compiled:
            return "compiled: all of it runs on the Edge TPU"
        if first is None:
            return f"all {count} operations map to the Edge TPU"
        name = _plain(first.operation.name)
        lost = f"operation {first.number} ({name}) does not map: {first.reason}"
        if not first.number:
            return f"{lost}; nothing runs on the Edge TPU, all {count} operations on the CPU"
        after = [finding for finding in self.findings[first.number + 1 :] if not finding.reason]
        return (
            f"{lost}; everything from operation {first.number} on runs on the CPU: "
            f"{count - self.mapped} of {count} operations, though {len(after)} of them would map"
        )


def check_graph(content: bytes, where: str) -> Placement:
    """Check every operation of a TFLite file against the table.

    Raises:
        FlatbufferError: it is no TFLite file; starts with ``where``.
    """
    return check_operations(read_operations(content, where))


def check_operations(operations: Sequence[Operation]) -> Placement:
    """Check every operation against the table."""
    return Placement(tuple(Finding(n, found, _reason(found)) for n, found in enumerate(operations)))


def _reason(operation: Operation) -> str:
    if operation.custom:
        name = _plain(operation.name)
        return "" if operation.name == COMPILED else f"{name} is a custom operation"
    row = OPERATIONS.get(operation.name)
    if row is None:
        return "the Edge TPU has no such operation"
    # The rules of the row first: they say more than the general ones.
    for rule in (*row.rules, *EVERY):
        reason = rule.reason(operation)
        if reason:
            return reason
    if operation.version > row.version:
        return f"version {operation.version} of it, and the compiler takes up to {row.version}"
    return ""


def _plain(name: str) -> str:
    return name[:40] if name.isprintable() else ascii(name)[:40]
