"""Compares the tensors that are asked for with those that there are, by name."""

from __future__ import annotations

import math
from collections.abc import Sequence

from playbach.bundle.defect import nearest, shown
from playbach.bundle.manifest import Quantisation, TensorSpec
from playbach.errors import BundleError

SCALE_TOLERANCE = 1e-6
"""Relative; a scale is a float32 in the graph and decimal text in the manifest."""


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
