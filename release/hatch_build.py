"""Puts what ``release/share.py`` made into the wheel, for where shells and ``man`` look for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHARE = Path("build/share")
"""Where it is made; absent in a clone in which nobody has, and then so in the wheel."""


class ShareHook(BuildHookInterface[Any]):
    """Adds ``SHARE`` as ``share`` of the environment that the wheel is installed into."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before a wheel is built."""
        share = Path(self.root) / SHARE
        if version == "standard" and share.is_dir():
            build_data["shared_data"][str(share)] = "share"
