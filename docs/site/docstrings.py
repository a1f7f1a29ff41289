"""Docstrings of modules, which hold drawings and tables that reStructuredText does not know."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def show_drawings(
    _app: Sphinx, what: str, _name: str, _of: object, _options: dict[str, Any], lines: list[str]
) -> None:
    """Make what a module's docstring sets off by indentation a block that is shown as it is."""
    if what != "module":
        return
    shown: list[str] = []
    for line in lines:
        begins = line.startswith("    ") and not (shown and shown[-1].startswith("    "))
        if begins and shown and not shown[-1].strip():
            shown += ["::", ""]
        shown.append(line)
    lines[:] = shown
