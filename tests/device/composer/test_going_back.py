"""Composing goes on from any place it has passed, as if nothing had been composed since."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.bundle import PitchRange, read_bundle
from playbach.composer.composer import CHECKPOINT_ITEMS, Composer, ComposerSettings
from playbach.composer.settings import Sampling, Wishes
from playbach.music.form import parse_form
from playbach.music.key import parse_key
from playbach.predictor import AnyPredictor, Restore, load_predictor
from playbach.stream import Movement, MovementEnd, StreamItem

RANGE = PitchRange(36, 81)
FEW_BARS = parse_form("menuet")

MakePredictor = Callable[[], AnyPredictor]


class Told:
    """What is asked of a composer, and can be changed at any item."""

    def __init__(self) -> None:
        self.settings = ComposerSettings(Wishes(FEW_BARS, repeats=True))

    def __call__(self) -> ComposerSettings:
        return self.settings


def composer_of(predictor: AnyPredictor, told: Told, seed: int = 1) -> Composer:
    return Composer(predictor, RANGE, seed, told, tells_recalls=True)


@pytest.fixture(
    params=["tiny", "melody", "melody stepwise", "timed", "phrases"], ids=lambda name: name
)
def predictor(request: pytest.FixtureRequest, symbol_bundles: Path) -> AnyPredictor:
    name, _, stepwise = request.param.partition(" ")
    path = TINY_BUNDLE if name == "tiny" else symbol_bundles / f"{name}.bundle"
    return load_predictor(read_bundle(path), stepwise=bool(stepwise))


def test_from_every_place_of_two_movements_the_same_music_comes_again(
    predictor: AnyPredictor,
) -> None:
    told = Told()
    composer = composer_of(predictor, told)
    positions, items = [composer.bookmark()], []
    ends = 0
    while ends < 2:
        items.append(next(composer))
        positions.append(composer.bookmark())
        ends += isinstance(items[-1], MovementEnd)
    for at in range(len(items), -1, -7):
        positions[at]()
        count = min(len(items) - at, 60)
        assert list(islice(composer, count)) == items[at : at + count]


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("compose"), st.integers(1, 90)),
        st.tuples(st.just("back"), st.integers(0, 60)),
        st.tuples(st.just("temperature"), st.sampled_from((0.5, 1.0, 1.7))),
        st.tuples(st.just("key"), st.sampled_from(("D minor", "G"))),
        st.tuples(st.just("skip"), st.just(0)),
    ),
    max_size=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(actions=ACTIONS)
def test_what_is_composed_after_going_back_depends_on_what_is_left_and_nothing_else(
    predictor: AnyPredictor, actions: list[tuple[str, float | str]]
) -> None:
    told = Told()
    composer = composer_of(predictor, told)
    # What is left of all that was done: composed items with what was asked then, and skips.
    left: list[tuple[ComposerSettings | None, StreamItem | None, Restore]] = []
    start = composer.bookmark()
    for action, value in actions:
        if action == "compose":
            assert isinstance(value, int)
            for _ in range(value):
                asked = told.settings
                left.append((asked, next(composer), composer.bookmark()))
        elif action == "back":
            assert isinstance(value, int)
            del left[max(len(left) - value, 0) :]
            (left[-1][2] if left else start)()
        elif action == "temperature":
            assert isinstance(value, float)
            told.settings = ComposerSettings(told.settings.wishes, Sampling(value))
        elif action == "key":
            wishes = Wishes(FEW_BARS, parse_key(str(value)), repeats=True)
            told.settings = ComposerSettings(wishes, told.settings.sampling)
        else:
            composer.skip()
            left.append((None, None, composer.bookmark()))
    again = composer_of(predictor, told)
    for settings_then, item, _ in left:
        if settings_then is None:
            again.skip()
            continue
        told.settings = settings_then
        assert next(again) == item


def test_another_network_composes_what_comes_after_a_place_in_the_movement_before(
    symbol_bundles: Path,
) -> None:
    told = Told()
    tiny = load_predictor(read_bundle(TINY_BUNDLE))
    other = load_predictor(read_bundle(symbol_bundles / "melody.bundle"))
    composer = composer_of(tiny, told)
    before = list(islice(composer, 5))
    place = composer.bookmark()
    rest = _movement(composer)
    composer.use(other, RANGE)
    following = [next(composer), *islice(composer, CHECKPOINT_ITEMS // 2)]
    place()
    assert [*before, *_movement(composer)] == [*before, *rest]
    assert [next(composer), *islice(composer, CHECKPOINT_ITEMS // 2)] == following


def test_another_temperature_from_a_place_changes_what_follows_and_not_what_came_before() -> None:
    told = Told()
    composer = composer_of(load_predictor(read_bundle(TINY_BUNDLE)), told)
    list(islice(composer, 30))
    place = composer.bookmark()
    first = list(islice(composer, 40))
    told.settings = ComposerSettings(told.settings.wishes, Sampling(3.0))
    place()
    bolder = list(islice(composer, 40))
    told.settings = ComposerSettings(told.settings.wishes)
    place()
    assert bolder != first
    assert list(islice(composer, 40)) == first


def _movement(composer: Composer) -> list[StreamItem]:
    """What is left of a movement."""
    items: list[StreamItem] = []
    for item in composer:
        assert not isinstance(item, Movement)
        items.append(item)
        if isinstance(item, MovementEnd):
            break
    return items
