"""One reader holds values from outside against what fields say of themselves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.errors import InputError
from playbach.schema import (
    MAX_DEPTH,
    MAX_MISTAKES,
    Json,
    Limits,
    Scalar,
    Setting,
    changed,
    check,
    read,
    settings_of,
    shown,
)


@dataclass(frozen=True, slots=True)
class Leaf:
    size: Annotated[int, Limits(low=1, high=8)]
    scale: Annotated[float, Limits(above=0)] = 1.0


@dataclass(frozen=True, slots=True)
class Tree:
    name: Annotated[str, Limits(pattern="[a-z]+", meaning="a small word")]
    leaves: Annotated[tuple[Leaf, ...], Limits(fewest=1, most=3)]
    steps: Annotated[tuple[int, ...], Limits(ascending=True)] = ()
    said: Annotated[Mapping[str, Scalar], Limits(most=2)] = field(default_factory=dict)
    notes: Json = None
    leaf: Leaf | None = None
    version: Annotated[int, Limits(low=1, high=1, required=True)] = 1


WHOLE = {"name": "oak", "leaves": [{"size": 3}], "version": 1}


def refused(**said: object) -> tuple[str, ...]:
    with pytest.raises(InputError) as refusal:
        read(Tree, WHOLE | said, "tree")
    return refusal.value.lines


def test_a_record_is_read_with_all_below_it() -> None:
    said = {"leaf": {"size": 8.0, "scale": 2}, "steps": [1, 4], "said": {"a": "b", "c": 0.5}}
    tree = read(Tree, WHOLE | said, "tree")
    assert tree.leaves == (Leaf(3),)
    assert tree.leaf == Leaf(8, 2.0)
    assert isinstance(tree.leaf.size, int)
    assert (tree.steps, dict(tree.said)) == ((1, 4), {"a": "b", "c": 0.5})


def test_every_mistake_is_told_with_its_place_and_what_is_allowed() -> None:
    assert refused(name="Oak", leaves=[{"size": 9}, {"scale": 0, "sise": 1}], version=2) == (
        'tree.name "Oak": it must be a small word',
        "tree.leaves[0].size 9: it must be a whole number, 1 to 8",
        'tree.leaves[1]: unknown key "sise" (did you mean size?)',
        'tree.leaves[1]: it has no "size", which is required',
        "tree.leaves[1].scale 0: it must be above 0",
        "tree.version 2: it must be a whole number, 1 to 1",
    )


@pytest.mark.parametrize("given", [True, "3", None, 1.5, math.nan, math.inf, 10**400, [3], {}])
def test_what_is_no_whole_number_in_range_is_none(given: object) -> None:
    (line,) = refused(leaves=[{"size": given}])
    assert line.startswith("tree.leaves[0].size ")
    assert line.endswith(": it must be a whole number, 1 to 8")


def test_lists_and_objects_have_bounds_and_order() -> None:
    assert refused(leaves=[]) == ("tree.leaves has 0 members: it must have 1 to 3",)
    assert refused(steps=[1, 1]) == ("tree.steps[1] 1 after 1: the list must ascend",)
    assert refused(said=dict.fromkeys("abc", 1)) == (
        "tree.said has 3 members: it must have at most 2",
    )
    deep: object = 1
    for _ in range(MAX_DEPTH + 1):
        deep = [deep]
    (line,) = refused(notes=deep)
    assert line.endswith(f"nested too deeply; at most {MAX_DEPTH} levels are allowed")


def test_what_has_a_default_may_be_left_out_unless_it_must_be_said() -> None:
    with pytest.raises(InputError, match='it has no "version", which is required'):
        read(Tree, {name: said for name, said in WHOLE.items() if name != "version"}, "tree")


def test_a_flood_of_unknown_keys_is_few_lines() -> None:
    assert len(refused(**{f"x{n}": n for n in range(5_000)})) <= MAX_MISTAKES


@dataclass(frozen=True, slots=True)
class Knobs:
    speed: Annotated[float | None, Setting("how fast", none_means="its own", low=1, high=9)] = None
    count: Annotated[int, Setting("how many", low=0, high=2**63 - 1, unit="notes")] = 7
    loud: Annotated[bool, Setting("whether it is")] = False

    def __post_init__(self) -> None:
        check(self)


def test_a_field_says_its_option_its_range_and_its_default() -> None:
    speed, count, loud = settings_of(Knobs).values()
    assert (speed.option, speed.kind, speed.default) == ("--speed", float, None)
    assert speed.range == "1 to 9, or auto (its own)"
    assert count.range == "a whole number, 0 to 9,223,372,036,854,775,807 notes"
    assert (loud.range, loud.kind) == ("true or false", bool)


def test_texts_spell_values_and_whole_numbers_keep_all_their_digits() -> None:
    wanted = {"speed": " 2.5 ", "count": str(2**63 - 1), "loud": "yes"}
    assert changed(Knobs(), wanted) == Knobs(2.5, 2**63 - 1, loud=True)
    assert changed(Knobs(2.0), {"speed": "auto"}) == Knobs()
    with pytest.raises(InputError, match=r"count 0{60}: it must be"):
        changed(Knobs(), {"count": "0" * 100})


def test_a_record_holds_itself_to_its_own_limits() -> None:
    with pytest.raises(InputError) as refusal:
        Knobs(10, -1)
    assert [line.split(":")[0] for line in refusal.value.lines] == ["speed 10", "count -1"]


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists))
def test_whatever_is_shown_is_short_and_printable(value: object) -> None:
    assert shown(value).isprintable()
    assert len(shown(value)) < 130
