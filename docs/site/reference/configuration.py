"""Every key of the two kinds of configuration: of playing, and of each network's training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from docs.site.reference.markdown import code, plain, summary, terms

from playbach.config.schema import ABOUT, SECTIONS, to_toml
from playbach.quiet import quiet_stderr
from playbach.schema import Setting, settings_of
from playbach_train.config import value_text
from playbach_train.networks.table import DEFAULT, NETWORKS, architecture


def configuration_reference() -> str:
    """Markdown: the sections of the configuration of playing, then those of each network."""
    playing = [
        f"### [{name}]\n\n{ABOUT[name]}\n\n{terms(map(_key, keys.values()))}"
        for name, keys in SECTIONS.items()
    ]
    return "\n\n".join(["## Playing", *playing, *(_network(name) for name in NETWORKS)])


def _key(key: Setting) -> tuple[str, str]:
    about = f"{key.help[0].upper()}{key.help[1:]}."
    when = f"A change takes effect {key.takes_effect.value}."
    return (
        code(f"{key.name} = {to_toml(key.default)}"),
        f"{plain(about)} {when} Allowed: {plain(key.range)}.",
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
    for part in fields(config):
        section = getattr(config, part.name)
        rows = [
            (
                code(f"{name} = {value_text(getattr(section, name))}"),
                f"{plain(setting.help)}. Allowed: {setting.range}.",
            )
            for name, setting in settings_of(type(section)).items()
        ]
        yield f"### [{part.name}]\n\n{plain(summary(type(section)))}\n\n{terms(rows)}"
