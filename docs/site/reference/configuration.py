"""Every key of the two kinds of configuration: of playing, and of each network's training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from docs.site.reference.markdown import code, fields_of, plain, summary, terms

from playbach.config.schema import SECTIONS, Key
from playbach.config.text import to_toml
from playbach.quiet import quiet_stderr
from playbach_train.config import limits, number_text, range_text
from playbach_train.networks.table import DEFAULT, NETWORKS, architecture


def configuration_reference() -> str:
    """Markdown: the sections of the configuration of playing, then those of each network."""
    playing = [
        f"### [{section.name}]\n\n{section.about}\n\n{terms(_key(key) for key in section.keys)}"
        for section in SECTIONS
    ]
    return "\n\n".join(["## Playing", *playing, *(_network(name) for name in NETWORKS)])


def _key(key: Key) -> tuple[str, str]:
    about = f"{key.about[0].upper()}{key.about[1:]}."
    return (
        code(f"{key.name} = {to_toml(key.default)}"),
        f"{plain(about)} A change takes effect {key.acts}. Allowed: {plain(key.allowed)}.",
    )


def _network(name: str) -> str:
    with quiet_stderr():  # TensorFlow talks while it is imported
        network = architecture(name)
    asked_for = "the default" if name == DEFAULT else code(f"--network {name}")
    return "\n\n".join(
        [
            f"## Training: {name}",
            f"{plain(network.about)} ({asked_for})",
            *_training_sections(network.config),
        ]
    )


def _training_sections(config: Any) -> Iterator[str]:
    allowed = limits(config)
    for part in fields(config):
        section = getattr(config, part.name)
        rows = []
        for one, about in fields_of(type(section)):
            bounds = allowed.get(f"{part.name}.{one.name}")
            range_ = range_text(*bounds) if bounds else "true or false"
            rows.append(
                (
                    code(f"{one.name} = {number_text(getattr(section, one.name))}"),
                    f"{plain(about)} Allowed: {range_}.",
                )
            )
        yield f"### [{part.name}]\n\n{plain(summary(type(section)))}\n\n{terms(rows)}"
