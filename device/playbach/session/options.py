"""The live settings as options of a command line, derived from their table."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from playbach.session.settings import BY_NAME, DEFAULTS, Setting, Settings, changed

GROUPS: Mapping[str, tuple[str, ...]] = {
    "sound": (
        "sink",
        "port",
        "program",
        "channel",
        "volume",
        "velocity",
        "accent",
        "transpose",
        "clock_out",
        "clock_in",
    ),
    "music": (
        "form",
        "key",
        "meter",
        "tempo",
        "temperature",
        "shift_temperature",
        "pitch_temperature",
        "duration_temperature",
        "top_p",
        "memory",
        "playable",
        "repeats",
    ),
    "network": ("bundle", "variant", "fallback"),
}
"""Every setting, as help shows them."""
_METAVARS = {int: "N", float: "X", str: "TEXT"}


def add_setting_arguments(parser: argparse.ArgumentParser) -> dict[str, argparse._ArgumentGroup]:
    """Add an option for each setting; returns the groups they were added to, by name."""
    groups = {}
    for title, names in GROUPS.items():
        groups[title] = group = parser.add_argument_group(title)
        for name in names:
            _add(group, BY_NAME[name])
    return groups


def settings_from(args: argparse.Namespace) -> Settings:
    """What the options ask for; the rest has its default.

    Raises:
        InputError: one of them is outside what is allowed.
    """
    given = {name: getattr(args, name) for name in BY_NAME}
    wanted = {name: value for name, value in given.items() if value is not None}
    if "temperature" in wanted:
        wanted |= _temperatures(wanted["temperature"])
    return changed(DEFAULTS, wanted)


def _add(group: argparse._ArgumentGroup, row: Setting) -> None:
    if row.kind is bool:
        group.add_argument(
            row.option,
            # What is usually so has an option that says no.
            action=argparse.BooleanOptionalAction if row.default else "store_true",
            default=None,
            help=row.about,
        )
        return
    default = "auto" if row.default is None else str(row.default)
    group.add_argument(
        row.option,
        metavar=_METAVARS[row.kind],
        # A percent sign would be read as a place for a value.
        help=f"{row.about}; {row.allowed} (default: {default})".replace("%", "%%"),
    )


def _temperatures(text: str) -> dict[str, float]:
    """One number for all parts of a note, or one for each, as in ``1,pitch=0.9``."""
    from playbach.composer.sampling import PARTS, parse_temperatures  # noqa: PLC0415 loads numpy

    return {
        f"{part}_temperature" if part in PARTS else part: value
        for part, value in parse_temperatures(text).items()
    }
