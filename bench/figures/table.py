"""The pictures there are: one row each."""

from __future__ import annotations

from types import MappingProxyType

from bench.figures.attention import ATTENTION
from bench.figures.learning import LEARNING
from bench.figures.likeness import LIKENESS
from bench.figures.modules import MODULES
from bench.figures.onset_error import ONSET_ERROR
from bench.figures.picture import Picture
from bench.figures.sample import SAMPLE
from bench.figures.sizes import SIZES
from bench.figures.variants import VARIANTS

PICTURES: MappingProxyType[str, Picture] = MappingProxyType(
    {
        "sample": SAMPLE,
        "modules": MODULES,
        "attention": ATTENTION,
        "learning": LEARNING,
        "variants": VARIANTS,
        "likeness": LIKENESS,
        "sizes": SIZES,
        "onset-error": ONSET_ERROR,
    }
)
"""By name, in the order in which the page shows them."""
