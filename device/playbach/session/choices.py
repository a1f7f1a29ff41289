"""What a session can be told to use: the ports, instruments and models that there are."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from playbach.bundle import default_bundle_path
from playbach.instruments import INSTRUMENTS, Instrument
from playbach.sinks.choose import PortRow, list_ports

__all__ = ["INSTRUMENTS", "Instrument", "ModelChoice", "PortRow", "list_models", "list_ports"]


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that may be chosen.

    Attributes:
        name: of its file, without the ending.
        bundle: the value of the setting ``bundle`` that chooses it; ``None`` for the one included.
    """

    name: str
    bundle: str | None


def list_models(folder: Path | None, chosen: str | None) -> list[ModelChoice]:
    """The model included, those of a folder, and the one that is chosen now.

    Args:
        folder: of bundles; one that is missing or closed to us has none.
        chosen: the setting ``bundle``.
    """
    found = set() if chosen is None else {Path(chosen)}
    with contextlib.suppress(OSError):
        if folder is not None and folder.is_dir():
            found |= set(folder.glob("*.bundle"))
    included = ModelChoice(default_bundle_path().stem, None)
    return [included, *(ModelChoice(path.stem, str(path)) for path in sorted(found))]
