"""Which package imports which, from import-linter's graph of the modules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

Arrows = dict[str, set[str]]
"""For each package those that it imports, itself not among them."""

ROOTS = ("playbach", "playbach_train", "playbach_convert")
ABOVE, BELOW = "stream, clock ...", "errors, files ..."
"""The modules of ``playbach`` that are in no package: those that know music, and those that do not,
each named after two of them."""
_ENTRIES = ("playbach", "playbach.__main__")


def imports() -> Arrows:
    """For each module those it imports, and all that are there; packages are modules too."""
    import grimp  # noqa: PLC0415 comes with import-linter, which drawing does not need

    graph = grimp.build_graph(*ROOTS)
    return {
        module: set(graph.find_modules_directly_imported_by(module))
        for module in sorted(graph.modules)
    }


def package_arrows(modules: Mapping[str, Collection[str]]) -> Arrows:
    """The same for packages; see ``ABOVE`` for modules that are in none."""
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


def reduced(arrows: Arrows) -> Arrows:
    """Without those that others imply: of A to B, B to C and A to C the last is left out."""
    reach = {name: reachable(arrows, name) for name in arrows}
    return {
        name: {one for one in found if not any(one in reach[other] for other in found - {one})}
        for name, found in arrows.items()
    }


def reachable(arrows: Arrows, start: str) -> set[str]:
    """All that ``start`` imports, and what those import, and so on."""
    found: set[str] = set()
    waiting = list(arrows[start])
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting.extend(arrows[name])
    return found


def layers(arrows: Arrows) -> list[list[str]]:
    """The packages, those that import nothing first, then those that import only such, and so on.

    Raises:
        ValueError: packages import each other in a circle.
    """
    left, found = dict(arrows), list[list[str]]()
    while left:
        free = sorted(name for name, imported in left.items() if not imported & left.keys())
        if not free:
            raise ValueError(f"packages import each other in a circle: {', '.join(sorted(left))}")
        found.append(free)
        left = {name: imported for name, imported in left.items() if name not in free}
    return found
