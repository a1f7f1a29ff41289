"""``playbach check``: what is here, what is missing, what to do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from playbach.bundle import default_bundle_path, read_bundle
from playbach.errors import PlaybachError
from playbach.predictor import load_predictor
from playbach.sinks.choose import Check, checks


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--bundle", metavar="FILE", type=Path, help="the model to look at")


def run(args: argparse.Namespace) -> int:
    """Print a line for each thing; 0 if music can be composed and heard, else 1."""
    model = _model(args.bundle or default_bundle_path())
    sinks = checks()
    for check in (model, *sinks):
        mark = "ok     " if check.found else "missing"
        remedy = f"; {check.remedy}" if check.remedy else ""
        sys.stdout.write(f"{mark} {check.thing}: {check.detail}{remedy}\n")
    heard = any(check.found for check in sinks)
    verdict = "music can be heard here" if heard else "nothing here makes sound yet"
    sys.stdout.write(f"{verdict if model.found else 'no music without a model'}\n")
    return 0 if model.found and heard else 1


def _model(path: Path) -> Check:
    def look() -> str:
        bundle = read_bundle(path)
        load_predictor(bundle)
        manifest = bundle.manifest
        return f"{manifest.network.kind} from {manifest.provenance.run}, {manifest.default_variant}"

    return _tried("model", look)


def _tried(thing: str, look: Callable[[], str]) -> Check:
    try:
        return Check(thing, found=True, detail=look(), remedy="")
    except PlaybachError as error:
        return Check(thing, found=False, detail=str(error), remedy="")
