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
    DEFAULT: "playbach_train.networks.copying",
    "windowed": "playbach_train.networks.windowed",
    "multihead": "playbach_train.networks.multihead",
    "grid": "playbach_train.networks.grid",
    "gan": "playbach_train.networks.gan",
}
"""Name to module; each has an ``ARCHITECTURE``. Imported when wanted: Keras takes seconds."""

_SHOWN = 20


def architecture(name: str) -> Architecture:
    """The network of that name, which is one of ``NETWORKS``."""
    return cast("Architecture", importlib.import_module(NETWORKS[name]).ARCHITECTURE)


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
