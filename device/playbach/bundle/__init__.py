"""The model bundle: the one file that crosses from the workstation to the board.

A zip of a manifest, TFLite graphs and tables. ``docs/bundle-format.md`` describes it field by
field; ``read_bundle`` trusts nothing in it.
"""

from playbach.bundle.manifest import (
    FORMAT_VERSION,
    Manifest,
    Network,
    Part,
    PitchRange,
    Provenance,
    Quantisation,
    Table,
    TensorSpec,
    check_tensors,
    same_scale,
)
from playbach.bundle.reader import (
    Bundle,
    bundle_in,
    default_bundle_path,
    read_bundle,
    write_bundle,
)
from playbach.bundle.verification import (
    VARIANTS,
    Drift,
    VariantFigures,
    Verification,
    verification_table,
)

__all__ = [
    "FORMAT_VERSION",
    "VARIANTS",
    "Bundle",
    "Drift",
    "Manifest",
    "Network",
    "Part",
    "PitchRange",
    "Provenance",
    "Quantisation",
    "Table",
    "TensorSpec",
    "VariantFigures",
    "Verification",
    "bundle_in",
    "check_tensors",
    "default_bundle_path",
    "read_bundle",
    "same_scale",
    "verification_table",
    "write_bundle",
]
