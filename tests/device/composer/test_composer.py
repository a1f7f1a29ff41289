"""The stream of the composer, from a real tiny bundle: in order, repeatable, open to wishes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
from tests.device.composer.test_draft import check_rules, check_shape
from tests.device.scripted import Scripted
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE

from playbach.bundle import Bundle, PitchRange, read_bundle
from playbach.composer.composer import Composer, ComposerSettings, whole_bars
from playbach.composer.settings import Sampling, Wishes
from playbach.composer.suites import BREATH
from playbach.music.form import FORMS, Form, parse_form
from playbach.music.key import Key, Mode, parse_key
from playbach.music.note import Note
from playbach.predictor import AnyPredictor, load_predictor
from playbach.stream import Movement, MovementEnd, Place, RecallingNote, StreamItem


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return read_bundle(TINY_BUNDLE)


@pytest.fixture(scope="module")
def predictor(bundle: Bundle) -> AnyPredictor:
    return load_predictor(bundle)


def composed(
    predictor: AnyPredictor,
    count: int,
    settings: ComposerSettings | None = None,
    seed: int = 1,
) -> list[StreamItem]:
    asked = settings or ComposerSettings()
    composer = Composer(predictor, PitchRange(36, 76), seed, lambda: asked)
    return list(islice(composer, count))


def one_movement(
    predictor: AnyPredictor, settings: ComposerSettings
) -> tuple[Movement, tuple[Note, ...], MovementEnd]:
    stream: Iterator[StreamItem] = Composer(predictor, PitchRange(36, 76), 5, lambda: settings)
    movement, notes = next(stream), []
    assert isinstance(movement, Movement)
    for item in stream:
        if not isinstance(item, Note):
            break
        notes.append(item)
    assert isinstance(item, MovementEnd)
    return movement, tuple(notes), item


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_movements_of_each_form_in_all_keys_from_a_real_network_keep_the_rules(
    predictor: AnyPredictor, form: Form
) -> None:
    for tonic in range(12):
        # Over all forms each of the 24 keys comes at several temperatures, playable or not.
        mode = list(Mode)[(tonic + FORMS.index(form)) % 2]
        temperature = (0.05, 1.0, 5.0)[tonic % 3]
        wishes = Wishes(form, Key(tonic, mode))
        playable = tonic % 4 == 0
        settings = ComposerSettings(wishes, Sampling(temperature, playable=playable))
        movement, notes, end = one_movement(predictor, settings)
        assert (movement.form, movement.key) == (wishes.form, wishes.key)
        assert movement.meter in form.meters
        check_rules(movement, PitchRange(36, 76), notes)
        check_shape(movement, notes, playable=playable)
        assert end.length == whole_bars(movement, max(note.end for note in notes))


def test_a_stream_is_movement_notes_end_and_again(predictor: AnyPredictor) -> None:
    before: StreamItem | None = None
    for item in composed(predictor, 3000):
        if isinstance(item, Movement):
            assert before is None or isinstance(before, MovementEnd)
        elif isinstance(item, Note):
            assert isinstance(before, Movement | Note)
        else:
            assert isinstance(before, Note)
            assert item.rest >= BREATH
        before = item


def test_the_same_seed_gives_the_same_stream_and_another_another(predictor: AnyPredictor) -> None:
    assert composed(predictor, 400, seed=7) == composed(predictor, 400, seed=7)
    assert composed(predictor, 400, seed=7) != composed(predictor, 400, seed=8)


def test_a_predictor_loaded_again_gives_the_same_stream(
    bundle: Bundle, predictor: AnyPredictor
) -> None:
    assert composed(load_predictor(bundle), 400) == composed(predictor, 400)


def test_a_piece_leaves_nothing_behind_in_the_predictor(predictor: AnyPredictor) -> None:
    settings = ComposerSettings(Wishes(parse_form("menuet"), parse_key("G")))
    first = one_movement(predictor, settings)
    composed(predictor, 200, seed=9)
    assert one_movement(predictor, settings) == first


def test_temperature_acts_on_the_next_note_and_form_on_the_next_movement() -> None:
    predictor = Scripted()
    settings = [ComposerSettings(Wishes(parse_form("menuet")))]
    composer = Composer(predictor, PitchRange(36, 76), 1, lambda: settings[-1])
    stream = composer
    opening = next(stream)
    settings.append(ComposerSettings(Wishes(parse_form("gigue"))))
    following = next(item for item in stream if isinstance(item, Movement))
    assert isinstance(opening, Movement)
    assert (opening.form.name, following.form.name) == ("menuet", "gigue")


def test_notes_tell_which_earlier_ones_they_recall_and_are_the_same_otherwise(
    predictor: AnyPredictor,
) -> None:
    plain = [item for item in composed(predictor, 120) if isinstance(item, Note)]
    composer = Composer(
        predictor,
        PitchRange(36, 76),
        1,
        lambda: ComposerSettings(recalls=True),
        tells_recalls=True,
    )
    telling = [item for item in islice(composer, 120) if isinstance(item, RecallingNote)]
    assert [(n.onset, n.pitch, n.duration) for n in telling] == [
        (n.onset, n.pitch, n.duration) for n in plain
    ]
    assert telling[0].recalls == ()
    assert sum(bool(note.recalls) for note in telling[1:40]) > 20
    for note in telling:
        weights = [recall.weight for recall in note.recalls]
        assert weights == sorted(weights, reverse=True)
        assert sum(weights) <= 1.001
        assert all(0 <= recall.index < note.index for recall in note.recalls)


def test_nothing_is_looked_up_while_nobody_wants_to_know(predictor: AnyPredictor) -> None:
    composer = Composer(predictor, PitchRange(36, 76), 1, ComposerSettings, tells_recalls=True)
    notes = [item for item in islice(composer, 50) if isinstance(item, RecallingNote)]
    assert [note.index for note in notes] == list(range(49))
    assert not any(note.recalls for note in notes)


def test_a_movement_is_the_same_whatever_was_played_before_it(predictor: AnyPredictor) -> None:
    def third(to: int | None = None, *, skips: int = 0) -> list[StreamItem]:
        composer = Composer(predictor, PitchRange(36, 76), 7, ComposerSettings)
        for _ in range(skips):
            list(islice(composer, 9))
            composer.skip()
        if to is not None:
            composer.skip(Place(7, to))
        elif not skips:
            ends = 0
            while ends < 2:
                ends += isinstance(next(composer), MovementEnd)
        return list(islice(composer, 60))

    found = [third(), third(3), third(skips=2), third(3, skips=5)]
    assert isinstance(found[0][0], Movement)
    assert found[0][0].place == Place(7, 3)
    assert all(one == found[0] for one in found)
    assert third(4) != found[0]
