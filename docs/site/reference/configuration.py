"""Every key of the two configurations: of playing, and of training."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from docs.site.reference.markdown import code, fields_of, plain, summary, terms

from playbach.config.schema import SECTIONS, Key
from playbach.config.text import to_toml
from playbach_train.config import limits
from playbach_train.networks.copying_config import CopyingConfig


def configuration_reference() -> str:
    """Markdown: sections of the configuration of playing, then of that of training."""
    playing = [
        f"### [{section.name}]\n\n{section.about}\n\n{terms(_key(key) for key in section.keys)}"
        for section in SECTIONS
    ]
    defaults = CopyingConfig()
    training = [
        _training_section(one.name, getattr(defaults, one.name)) for one in fields(CopyingConfig)
    ]
    return "\n\n".join(["## Playing", *playing, "## Training", *training])


def _key(key: Key) -> tuple[str, str]:
    about = f"{key.about[0].upper()}{key.about[1:]}."
    return (
        code(f"{key.name} = {to_toml(key.default)}"),
        f"{plain(about)} A change acts: {key.acts}. Allowed: {plain(key.allowed)}.",
    )


def _training_section(name: str, section: Any) -> str:
    rows = []
    for one, about in fields_of(type(section)):
        value = getattr(section, one.name)
        default = str(value).lower() if isinstance(value, bool) else f"{value:g}"
        rows.append((code(f"{one.name} = {default}"), f"{plain(about)} {_allowed(name, one.name)}"))
    return f"### [{name}]\n\n{plain(summary(type(section)))}\n\n{terms(rows)}"


def _allowed(section: str, name: str) -> str:
    found = limits(CopyingConfig()).get(f"{section}.{name}")
    return "Allowed: true or false." if found is None else (
        f"Allowed: {found[0]:,g} to {found[1]:,g}.")  # fmt: skip
