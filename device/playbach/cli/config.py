"""``playbach config``: all that can be configured, or what holds and where it comes from."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from playbach.config import default_text, effective_text, find_config, load_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--effective", action="store_true", help="what holds, and where each value comes from"
    )
    parser.add_argument(
        "--config", metavar="FILE", type=Path, help="the file (default: your own, if there is one)"
    )


def run(args: argparse.Namespace) -> int:
    """Print a file that documents every key, or the merged one; the exit status.

    Raises:
        PlaybachError: all that is wrong in the file.
    """
    if not args.effective and args.config is None:
        sys.stdout.write(default_text())
        return 0
    loaded = load_config(args.config or find_config())
    sys.stdout.write(effective_text(loaded.config, loaded.origins))
    return 0
