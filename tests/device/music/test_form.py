"""Forms of movement and the names they go by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.device.music.strategies import meters

from playbach.errors import InputError
from playbach.music.form import FORMS, Form, form_in_title, parse_form
from playbach.music.meter import Meter, parse_meter

NAMES = [
    ("sarabande", "sarabande"),
    ("Sarabanda", "sarabande"),
    (" GIGUE ", "gigue"),
    ("minuet", "menuet"),
    ("Bourrée", "bourree"),
    ("ciaccona", "chaconne"),
]


@pytest.mark.parametrize(("word", "name"), NAMES)
def test_a_form_answers_to_its_names_in_several_languages(word: str, name: str) -> None:
    assert parse_form(word).name == name


@pytest.mark.parametrize("form", FORMS)
def test_every_form_answers_to_its_own_name(form: Form) -> None:
    assert parse_form(form.name) is form


def test_a_misspelt_form_brings_the_nearest_and_the_list() -> None:
    with pytest.raises(InputError, match=r"did you mean gigue\?\); choose one of other, prelude"):
        parse_form("gige")


@given(st.text(max_size=200))
def test_any_title_has_a_form(title: str) -> None:
    assert form_in_title(title) in FORMS


TITLES = [
    ("bwv1009-3-courante", "courante"),
    ("Suite 3 in D minor, IV Sarabande", "sarabande"),
    ("bwv1006-3-gavotte-en-rondeau", "gavotte"),
    ("bwv1005-4-allegro-assai", "allegro"),
    ("BOURRÉE_I", "bourree"),
    ("Suite 1 for Cello Solo", "other"),
    ("menuetto2", "menuet"),
    ("Bourrées I et II", "bourree"),
    ("Prélude", "prelude"),
    ("others", "other"),
    ("", "other"),
]


@pytest.mark.parametrize(("title", "name"), TITLES)
def test_the_form_is_found_in_a_title_or_file_name(title: str, name: str) -> None:
    assert form_in_title(title).name == name


UPBEATS = [
    ("allemande", "4/4", 6),  # a sixteenth
    ("allemande", "2/2", 6),
    ("courante", "3/4", 12),  # an eighth
    ("courante", "3/2", 12),
    ("bourree", "2/2", 24),  # a quarter
    ("bourree", "4/4", 24),
    ("bourree", "2/4", 12),  # an eighth, as all values are halved
    ("gavotte", "2/2", 48),  # half a bar
    ("gavotte", "4/4", 48),
    ("gigue", "6/8", 12),
    ("gigue", "3/8", 12),
    ("chaconne", "3/4", 48),  # it begins on the second beat
    ("sarabande", "3/4", 0),
    ("gavotte", "1/8", 0),  # no room
]


@pytest.mark.parametrize(("form", "meter", "ticks"), UPBEATS)
def test_dances_begin_with_their_usual_upbeat(form: str, meter: str, ticks: int) -> None:
    assert parse_form(form).upbeat_ticks(parse_meter(meter)) == ticks


@given(st.sampled_from(FORMS), meters)
def test_an_upbeat_is_shorter_than_a_bar(form: Form, meter: Meter) -> None:
    assert 0 <= form.upbeat_ticks(meter) < meter.bar_ticks
