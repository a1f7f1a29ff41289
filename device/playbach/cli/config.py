"""``playbach config``: all that can be configured, or the values in effect and their origins."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from playbach.config import Loaded, default_text, effective_text, find_config, load_config
from playbach.config.schema import flat
from playbach.daemon.state import Overrides, state_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--effective", action="store_true", help="the values in effect, and where each comes from"
    )
    parser.add_argument(
        "--config", metavar="FILE", type=Path, help="the file (default: your own, if there is one)"
    )


def run(args: argparse.Namespace) -> int:
    """Print a file that documents every key, or the merged one; the exit status."""
    if not args.effective and args.config is None:
        sys.stdout.write(default_text())
        return 0
    sys.stdout.write(_effective(load_config(args.config or find_config())))
    return 0


def _effective(loaded: Loaded) -> str:
    """The values in effect, with what was changed while the daemon played, if that can be read."""
    config, origins = loaded.config, dict(loaded.origins)
    if config.service.remember:
        remembered = Overrides(state_folder())
        config = replace(config, settings=remembered.peek(config.settings))
        before, now = flat(loaded.config), flat(config)
        changes = {place: str(remembered.path) for place in now if now[place] != before[place]}
        origins |= changes
    return effective_text(config, origins)
