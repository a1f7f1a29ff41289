"""The networks there are: one row each."""

from __future__ import annotations

import importlib
from types import MappingProxyType
from typing import cast

from playbach_train.networks.architecture import Architecture

DEFAULT = "copying"

NETWORKS: MappingProxyType[str, str] = MappingProxyType(
    {
        DEFAULT: "playbach_train.networks.copying",
        "windowed": "playbach_train.networks.windowed",
        "multihead": "playbach_train.networks.multihead",
        "grid": "playbach_train.networks.grid",
        "gan": "playbach_train.networks.gan",
    }
)
"""Name to module; each has an ``ARCHITECTURE``. Imported when wanted: Keras takes seconds."""


def architecture(name: str) -> Architecture:
    """The network of that name, which is one of ``NETWORKS``."""
    return cast("Architecture", importlib.import_module(NETWORKS[name]).ARCHITECTURE)
