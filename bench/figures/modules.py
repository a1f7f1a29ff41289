"""The map of the packages: which imports which, read from the code, drawn by graphviz."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType

from bench.figures.picture import BLUE, GREEN, GREY, ORANGE, PURPLE, Measured, Picture, Sources

from playbach.save.needs import require_program

Arrows = dict[str, set[str]]
"""For each package those that it imports, itself not among them."""

ABOVE, BELOW = "stream, clock ...", "errors, files ..."
"""The modules of ``playbach`` that are in no package: those that know music, and those that do not,
each named after two of them."""
ABOUT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "playbach_train": ("scores to network", ORANGE),
        "playbach_convert": ("network to bundle", ORANGE),
        "cli": ("the commands", PURPLE),
        "daemon": ("what systemd runs", PURPLE),
        "web": ("page and interface", PURPLE),
        "osc": ("messages of OSC", PURPLE),
        "config": ("the configuration", PURPLE),
        "session": ("settings in, status out", BLUE),
        "playback": ("hands notes over in time", BLUE),
        "sender": ("owns the port", BLUE),
        "sinks": ("synths, ports, files", BLUE),
        "save": ("MIDI, scores, sound", BLUE),
        "composer": ("endless stream of notes", GREEN),
        "predictor": ("one step of the network", GREEN),
        "bundle": ("the model's file", GREEN),
        "midi": ("messages and files", GREEN),
        "music": ("notes, keys, encoding", GREEN),
        ABOVE: ("shared by what plays", GREY),
        BELOW: ("shared by all", GREY),
    }
)
"""What each package is, and the colour of what it belongs to."""
ROOTS = ("playbach", "playbach_train", "playbach_convert")
_ENTRIES = ("playbach", "playbach.__main__")


def measure(sources: Sources) -> Measured:
    del sources
    import grimp  # noqa: PLC0415 comes with import-linter, which drawing does not need

    graph = grimp.build_graph(*ROOTS)
    found = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    arrows = package_arrows(found)
    return {"arrows": {name: sorted(found) for name, found in sorted(arrows.items())}}


def package_arrows(modules: Mapping[str, Collection[str]]) -> Arrows:
    """Of packages, from what each module imports; see ``ABOVE`` for modules that are in none."""
    package = _packages(modules)
    arrows: Arrows = {package(module): set() for module in modules if module not in _ENTRIES}
    for module, imported in modules.items():
        if module not in _ENTRIES:
            found = {package(one) for one in imported if one not in _ENTRIES}
            arrows[package(module)] |= found - {package(module)}
    return arrows


def _packages(modules: Mapping[str, Collection[str]]) -> Callable[[str], str]:
    parents = {module.rpartition(".")[0] for module in modules}
    musical: dict[str, bool] = {}

    def knows_music(module: str) -> bool:
        if module not in musical:
            musical[module] = False
            musical[module] = module.startswith("playbach.music") or any(
                knows_music(one) for one in modules.get(module, ()) if one not in _ENTRIES
            )
        return musical[module]

    def package(module: str) -> str:
        root, _, rest = module.partition(".")
        if root != "playbach":
            return root
        first = rest.partition(".")[0]
        if f"playbach.{first}" in parents:
            return first
        return ABOVE if knows_music(module) else BELOW

    return package


def draw(measured: Measured) -> bytes:
    need = "apt install graphviz"
    dot = "\n".join(_dot(measured["arrows"])).encode()
    # Without arrows that others imply: of A to B, B to C and A to C the last is left out.
    fewer = subprocess.run(
        [require_program("tred", need)], input=dot, capture_output=True, check=True
    ).stdout
    return subprocess.run(
        [require_program("dot", need), "-Tsvg"], input=fewer, capture_output=True, check=True
    ).stdout


def _dot(arrows: Mapping[str, Collection[str]]) -> Iterator[str]:
    """The map in graphviz' language."""
    font = 'fontname="Helvetica,Arial,sans-serif"'
    yield f"digraph {{ ranksep=0.35; nodesep=0.3; {font}; fontsize=10; color=none; bgcolor=white"
    yield f'node [shape=box, style="rounded,filled", fillcolor=white, penwidth=1.6, {font}]'
    yield "edge [arrowsize=0.7]"
    for side, ours in (("workstation", True), ("board", False)):
        names = [name for name in ABOUT if name in arrows and (name in ROOTS) == ours]
        yield f'subgraph cluster_{side} {{ label="{side}"; labeljust=l; style=filled;'
        yield 'fillcolor="#f4f4f4"; '
        for name in names:
            about, colour = ABOUT[name]
            label = f'<<b>{name}</b><br/><font point-size="10">{about}</font>>'
            yield f'"{name}" [label={label}, color="{colour}"]'
        yield "}"
    for name, imported in arrows.items():
        yield from (f'"{name}" -> "{one}"' for one in imported)
    yield "}"


MODULES = Picture("modules.svg", (), measure, draw)
