"""Lines of keys, as a person who looks for a mistake counts them."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from playbach.config.reader import line_numbers

TEXT = """\
# A comment = no key
[sound]
port = "Synth"   # = nor this
  "program" = 42

[ music ]
tempo=80

[deep.er]
'a b' = 1
"""
NAMES = st.from_regex(r"\A[a-z_]{1,8}\Z")


def test_sections_and_keys_have_the_lines_on_which_they_stand() -> None:
    tomllib.loads(TEXT)
    assert line_numbers(TEXT) == {
        ("sound",): 2,
        ("sound", "port"): 3,
        ("sound", "program"): 4,
        ("music",): 6,
        ("music", "tempo"): 7,
        ("deep", "er"): 9,
        ("deep", "er", "a b"): 10,
    }


def test_a_dotted_key_names_its_section_too() -> None:
    assert line_numbers("\nsound . port = 'x'\n") == {("sound",): 2, ("sound", "port"): 2}


def test_the_first_line_counts() -> None:
    assert line_numbers("a = 1\na = 2\n") == {("a",): 1}


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, st.integers(), max_size=4), max_size=4))
def test_every_key_that_toml_reads_has_a_line(document: dict[str, dict[str, int]]) -> None:
    lines = [
        line
        for section, keys in document.items()
        for line in (f"[{section}]", *(f"{key} = {value}" for key, value in keys.items()))
    ]
    text = "\n".join(lines)
    assert tomllib.loads(text) == document
    found = line_numbers(text)
    for section, keys in document.items():
        assert lines[found[section,] - 1] == f"[{section}]"
        for key in keys:
            assert lines[found[section, key] - 1].startswith(f"{key} = ")


@given(st.text(max_size=200))
def test_any_text_at_all_is_survived(text: str) -> None:
    line_numbers(text)
