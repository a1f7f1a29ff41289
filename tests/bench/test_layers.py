"""The map's arithmetic: packages, the arrows that are drawn, and where the boxes stand."""

from __future__ import annotations

from itertools import pairwise

import pytest
from bench.figures.graph import ABOVE, BELOW, Arrows, layers, package_arrows, reachable, reduced
from bench.figures.layout import BOX, arranged
from hypothesis import given
from hypothesis import strategies as st


@st.composite
def graphs(draw: st.DrawFn) -> Arrows:
    """Packages that import some of those before them."""
    names = [f"package_{number}" for number in range(draw(st.integers(1, 12)))]
    return {
        name: draw(st.sets(st.sampled_from(names[:number]))) if number else set()
        for number, name in enumerate(names)
    }


@given(graphs())
def test_leaving_arrows_out_hides_nothing(arrows: Arrows) -> None:
    shown = reduced(arrows)
    assert all(shown[name] <= arrows[name] for name in arrows)
    assert all(reachable(shown, name) == reachable(arrows, name) for name in arrows)


@given(graphs())
def test_every_arrow_leads_to_a_lower_layer(arrows: Arrows) -> None:
    height = {name: at for at, row in enumerate(layers(arrows)) for name in row}
    assert height.keys() == arrows.keys()
    assert all(height[one] < height[name] for name, found in arrows.items() for one in found)


@given(graphs())
def test_no_two_boxes_touch_and_no_arrow_leads_through_a_third(arrows: Arrows) -> None:
    shown = reduced(arrows)
    found = arranged(layers(arrows), shown)
    for height in {y for _, y in found.places.values()}:
        row = sorted(x for x, y in found.places.values() if y == height)
        assert all(right - left > BOX[0] for left, right in pairwise(row))
    assert len(found.ways) == sum(map(len, shown.values()))
    for way in found.ways:
        # Between its ends an arrow passes each layer beside the boxes.
        for x, y in way[1:-1]:
            boxes = [at for at, height in found.places.values() if abs(height - y) < 0.5]
            assert all(abs(x - at) > BOX[0] / 2 for at in boxes)


def test_packages_that_import_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="in a circle: a, b"):
        layers({"a": {"b"}, "b": {"a"}, "c": set()})


def test_modules_in_no_package_are_told_apart_by_whether_they_know_music() -> None:
    modules = {
        "playbach": set[str](),
        "playbach.__main__": {"playbach.cli"},
        "playbach.cli": {"playbach.clock", "playbach"},
        "playbach.cli.play": {"playbach.cli", "playbach.music.note"},
        "playbach.clock": {"playbach.stream", "playbach.errors"},
        "playbach.errors": set[str](),
        "playbach.music": set[str](),
        "playbach.music.note": {"playbach.errors"},
        "playbach.stream": {"playbach.music.note"},
        "playbach_train": {"playbach.stream"},
        "playbach_train.cli": {"playbach_train", "playbach.cli.play"},
    }
    assert package_arrows(modules) == {
        "cli": {ABOVE, "music"},
        ABOVE: {BELOW, "music"},
        BELOW: set(),
        "music": {BELOW},
        "playbach_train": {ABOVE, "cli"},
    }
