"""What the site adds to pages: the table of contents, and references generated from the code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from docs.site.contents import contents
from docs.site.reference.bundle import bundle_reference
from docs.site.reference.commands import commands_reference
from docs.site.reference.configuration import configuration_reference
from docs.site.reference.interface import interface_reference
from docs.site.reference.python import python_reference

GENERATED: Mapping[str, Callable[[], str]] = {
    "docs/bundle-format": bundle_reference,
    "docs/reference/commands": commands_reference,
    "docs/reference/configuration": configuration_reference,
    "docs/reference/interface": interface_reference,
    "docs/reference/python": python_reference,
}
"""What makes the rest of a page, by its path without suffix."""


def added_to(page: str, root: Path) -> str:
    """Markdown that goes after a page's own text; ``""`` for most pages."""
    if page == "docs/README":
        return f"\n\n{contents(root)}"
    return f"\n\n{GENERATED[page]()}" if page in GENERATED else ""
