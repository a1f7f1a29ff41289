"""The networks there are: one row each."""

from __future__ import annotations

import difflib
import importlib
from typing import TYPE_CHECKING, cast

from playbach.errors import InputError

if TYPE_CHECKING:
    # It loads numpy and the corpora, which nobody needs for a list of names.
    from playbach_train.networks.architecture import Architecture

DEFAULT = "copying"

NETWORKS: dict[str, str] = {
    DEFAULT: "playbach_train.copying:ARCHITECTURE",
    "windowed": "playbach_train.networks.windowed:WINDOWED",
    "multihead": "playbach_train.networks.windowed:MULTIHEAD",
    "grid": "playbach_train.networks.windowed:GRID",
    "gan": "playbach_train.networks.gan:ARCHITECTURE",
}
"""Name to module and name of an ``Architecture``. Imported when wanted: Keras takes seconds."""

_SHOWN = 20


def architecture(name: str) -> Architecture:
    """The network of that name, which is one of ``NETWORKS``."""
    module, _, row = NETWORKS[name].partition(":")
    return cast("Architecture", getattr(importlib.import_module(module), row))


def check_network(name: str, where: str) -> None:
    """Refuse a name that is not one of ``NETWORKS``.

    Args:
        name: of a network, as somebody wrote it.
        where: it was written, such as ``--network``.

    Raises:
        InputError: there is no such network.
    """
    if name in NETWORKS:
        return
    near = difflib.get_close_matches(name[:_SHOWN], NETWORKS, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise InputError(
        f"{where}: there is no network {name[:_SHOWN]!r}{hint}; choose from {', '.join(NETWORKS)}"
    )
