"""``playbach check``: what was found, what is missing, what to do."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from playbach.config import Config, Loaded, find_config, load_config
from playbach.daemon.state import state_folder
from playbach.errors import PlaybachError
from playbach.session.trial import load_tried
from playbach.sinks.choose import Check, checks
from playbach.sinks.realtime import possible_timing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--bundle", metavar="FILE", type=Path, help="the model to look at")
    parser.add_argument("--config", metavar="FILE", type=Path, help="the configuration to look at")


def run(args: argparse.Namespace) -> int:
    """Print a line for each thing; 0 if music can be composed and heard, else 1.

    Raises:
        PlaybachError: all that is wrong in the configuration, a line each.
    """
    loaded = load_config(args.config or find_config())
    settings = loaded.config.settings
    model = _model(args.bundle or settings.bundle, settings.variant)
    sinks = checks()
    for check in (model, *sinks, _configuration(loaded), _timing(), _state(loaded.config)):
        mark = "ok     " if check.found else "missing"
        remedy = f"; {check.remedy}" if check.remedy else ""
        sys.stdout.write(f"{mark} {check.thing}: {check.detail}{remedy}\n")
    heard = any(check.found for check in sinks)
    verdict = "music can be heard here" if heard else "nothing here makes sound yet"
    sys.stdout.write(f"{verdict if model.found else 'no music without a model'}\n")
    return 0 if model.found and heard else 1


def _model(path: Path | str | None, variant: str | None) -> Check:
    def look() -> str:
        bundle, predictor = load_tried(path, variant)
        network, run = bundle.manifest.network.name, bundle.manifest.provenance.run
        return f"{network} from {run}, {predictor.variant} ({bundle.path})"

    return _tried("model", look)


def _configuration(loaded: Loaded) -> Check:
    settings = loaded.config.settings
    where = "defaults" if loaded.path is None else f"{loaded.path}, {len(loaded.origins)} keys"
    sink = settings.sink or "the best sink there is"
    port = f", port {settings.port}" if settings.port else ""
    return Check("configuration", found=True, detail=f"{where}; plays to {sink}{port}", remedy="")


def _timing() -> Check:
    # Not having real-time priority is no fault: it says so itself, and what to do.
    return Check("timing", found=True, detail=possible_timing(), remedy="")


def _state(config: Config) -> Check:
    folder = state_folder()
    if not config.service.remember:
        return Check("state", found=True, detail="nothing is remembered, as configured", remedy="")
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return Check("state", found=True, detail=f"changes are remembered in {folder}", remedy="")
    return Check("state", found=False, detail=f"{existing} cannot be written to",
                 remedy="set XDG_STATE_HOME to a folder that can")  # fmt: skip


def _tried(thing: str, look: Callable[[], str]) -> Check:
    try:
        return Check(thing, found=True, detail=look(), remedy="")
    except PlaybachError as error:
        return Check(thing, found=False, detail=str(error), remedy="")
