"""What other programs may import, from its docstrings."""

from __future__ import annotations

PUBLIC = (
    "playbach.music.note",
    "playbach.music.key",
    "playbach.music.meter",
    "playbach.music.form",
    "playbach.midi.files",
    "playbach.music.encoding",
    "playbach.bundle",
    "playbach.predictor",
    "playbach.composer.sampling",
    "playbach.composer.composer",
    "playbach.composer.suites",
    "playbach.stream",
    "playbach.sinks.base",
    "playbach.errors",
)
"""Modules whose names may be relied on, from the notes to what plays them."""


def python_reference() -> str:
    """Markdown: a heading for each module, and what Sphinx finds in it."""
    return "\n\n".join(_module(name) for name in PUBLIC)


def _module(name: str) -> str:
    return f"## {name}\n\n```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n   :no-index:\n```"
