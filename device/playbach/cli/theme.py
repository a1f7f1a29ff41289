"""The option ``--theme`` of ``play`` and ``save``."""

from __future__ import annotations

import argparse

from playbach.music.theme import MOST_BARS, Asked, Theme
from playbach.session.settings import Settings


def add_theme_argument(group: argparse._ActionsContainer) -> None:
    """Add the option."""
    group.add_argument(
        "--theme",
        metavar="FILE or NOTES",
        help="the first movement begins with this and comes back to it: a .mid, .musicxml or .mxl "
        'file, or notes such as "D4/8 F4 E4 A4/4 r/8 C3+E3+G3/2."; at most '
        f"{MOST_BARS} bars; --key and --meter say what they are in",
    )


def wanted_theme(args: argparse.Namespace, settings: Settings) -> Theme | None:
    """The theme that was asked for; ``None`` for none.

    Raises:
        InputError: it cannot be read.
    """
    if args.theme is None:
        return None
    from playbach.themes import read_theme  # noqa: PLC0415 for a theme only

    return read_theme(args.theme, Asked.of(settings.key, settings.meter))
