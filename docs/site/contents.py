"""The table of contents. Pages that it does not name are listed under the last heading."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Section:
    """A part of the table of contents.

    Attributes:
        name: its heading.
        pages: paths below the repository's root, without suffix, in order.
    """

    name: str
    pages: tuple[str, ...]


SECTIONS = (
    Section(
        "Tutorial",
        (
            "docs/tutorial/first-music",
            "docs/tutorial/first-training",
            "docs/tutorial/first-pedal",
            "docs/tutorial/first-board",
        ),
    ),
    Section(
        "How to",
        (
            "docs/how-to/install",
            "docs/raspberry-pi",
            "docs/how-to/external-synth",
            "docs/how-to/network-midi",
            "docs/how-to/theme",
            "docs/how-to/steering",
            "docs/how-to/controller",
            "docs/how-to/osc",
            "docs/how-to/own-sound",
            "docs/how-to/instruments",
            "docs/how-to/own-corpus",
            "docs/how-to/several-machines",
            "docs/how-to/recovering",
            "docs/page",
            "docs/saving",
            "docs/edge-tpu",
        ),
    ),
    Section(
        "Reference",
        (
            "docs/reference/commands",
            "docs/reference/configuration",
            "docs/reference/interface",
            "docs/bundle-format",
            "docs/reference/python",
        ),
    ),
    Section(
        "Explanation",
        (
            "docs/explanation/steps-not-windows",
            "docs/explanation/copying-attention",
            "docs/explanation/plan",
            "docs/explanation/bits-per-note",
            "docs/explanation/told-apart",
            "docs/explanation/performing",
            "docs/explanation/exact-clock",
            "docs/conversion",
            "docs/live",
            "docs/architecture",
        ),
    ),
    Section(
        "The model",
        (
            "docs/model-card",
            "docs/comparison",
            "docs/listening",
            "docs/measurements",
            "docs/figures/README",
        ),
    ),
    Section(
        "The project",
        (
            "README",
            "CONTRIBUTING",
            "docs/system-tests",
            "SECURITY",
            "CODE_OF_CONDUCT",
            "CHANGELOG",
        ),
    ),
)
FURTHER = "Further pages"
DECISIONS = "Decisions"
HOME = "docs/README"


def contents(root: Path) -> str:
    """The table as directives; the site shows it beside each page."""
    named = {page for section in SECTIONS for page in section.pages} | {HOME}
    found = _pages(root)
    decisions = [page for page in found if page.startswith("docs/decisions/")]
    further = [page for page in found if page not in named and page not in decisions]
    sections = [
        *SECTIONS,
        Section(FURTHER, tuple(further)),
        Section(DECISIONS, tuple(decisions)),
    ]
    return "\n\n".join(_directive(section) for section in sections if section.pages)


def _pages(root: Path) -> list[str]:
    files = [*root.glob("*.md"), *root.glob("docs/**/*.md")]
    return sorted(file.relative_to(root).with_suffix("").as_posix() for file in files)


def _directive(section: Section) -> str:
    pages = "\n".join(f"/{page}" for page in section.pages)
    return f"```{{toctree}}\n:hidden:\n:caption: {section.name}\n\n{pages}\n```"
