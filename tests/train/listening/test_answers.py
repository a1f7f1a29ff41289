"""Files of answers may come from anyone: what is not as it must be is refused in a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.errors import InputError
from playbach_train.listening.answers import MOST_BYTES, Key, collect, read_answers, read_key

KEY = Key("0123456789abcdef", ("real", "net"), {"bbbbbb": "real", "cccccc": "net"})
GOOD: dict[str, Any] = {
    "format": 1,
    "survey": KEY.survey,
    "respondent": "00000000000000aa",
    "years": 12,
    "known": ["bbbbbb"],
    "ratings": {"cccccc": 0, "bbbbbb": 10},
}


def written(folder: Path, file: str = "answers.json", /, **changes: object) -> Path:
    path = folder / file
    path.write_text(json.dumps({**GOOD, **changes}))
    return path


def test_what_the_page_writes_is_read(tmp_path: Path) -> None:
    answers = read_answers(written(tmp_path), KEY)
    assert answers.respondent == "00000000000000aa"
    assert answers.ratings == {"cccccc": 0, "bbbbbb": 10}
    assert answers.known == {"bbbbbb"}
    assert answers.years == 12


def test_years_need_not_be_said(tmp_path: Path) -> None:
    assert read_answers(written(tmp_path, years=None), KEY).years is None


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"format": 2}, "not of format 1"),
    ({"format": True, "survey": 1}, "survey is missing"),
    ({"survey": "f" * 16}, "answers to another test; the key is that of 0123456789abcdef"),
    ({"survey": "../../../secrets!"}, "survey is not 16 hex digits"),
    ({"respondent": "<script>alert(1)"}, "respondent is not 16 hex digits"),
    ({"respondent": 7}, "respondent is missing"),
    (
        {"ratings": {"cccccc": 11}},
        "rating of cccccc is '11'; it must be a whole number from 0 to 10",
    ),
    ({"ratings": {"cccccc": -1}}, "rating of cccccc is '-1'"),
    ({"ratings": {"cccccc": 5.5}}, "rating of cccccc is '5.5'"),
    ({"ratings": {"cccccc": "9"}}, "rating of cccccc is '9'"),
    ({"ratings": {"cccccc": True}}, "rating of cccccc is 'True'"),
    ({"ratings": {"cccccc": None}}, "rating of cccccc is 'None'"),
    ({"ratings": {"zzzzzz": 5}}, "the test has no excerpt 'zzzzzz'"),
    ({"ratings": {}}, "it rates nothing"),
    ({"ratings": [5, 5]}, "ratings is missing, or of the wrong type"),
    ({"known": ["dddddd"]}, "the test has no excerpt 'dddddd'"),
    ({"known": [["bbbbbb"]]}, "the test has no excerpt"),
    ({"known": "bbbbbb"}, "known is missing"),
    ({"years": 100}, "years is '100'; it must be a whole number from 0 to 99"),
    ({"years": -1}, "years is '-1'"),
    ({"years": 1e300}, "years is '1e+300'"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_answers_that_the_page_cannot_give_are_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as refusal:
        read_answers(written(tmp_path, **changes), KEY)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 50_000, "not JSON"),
        (b"[]", "not of format 1"),
        (b"9" * 10_000, "not JSON"),
        (b'{"format": 1, "format": 1}', "a member of it has the same name as another"),
        (b'{"format": 1, "years": NaN}', "survey is missing"),
        (b" " * (MOST_BYTES + 1), "65,537 bytes; at most 65,536 are read"),
    ],
    ids=range(8),
)
def test_what_is_no_file_of_answers_is_refused(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "answers.json").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_answers(tmp_path / "answers.json", KEY)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from([*GOOD, ""]),
)
def test_no_json_does_more_than_be_refused(value: object, member: str) -> None:
    import tempfile  # noqa: PLC0415 one folder for each example

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "answers.json")
        path.write_text(json.dumps({**GOOD, member: value} if member else value))
        try:
            answers = read_answers(path, KEY)
        except InputError:
            return
    assert set(answers.ratings) <= set(KEY.excerpts)
    assert all(0 <= rating <= 10 for rating in answers.ratings.values())


def test_of_two_files_by_one_respondent_the_first_counts(tmp_path: Path) -> None:
    first = written(tmp_path, "a.json")
    same = written(tmp_path, "b.json")
    other = written(tmp_path, "c.json", ratings={"cccccc": 9})
    collected = collect([other, first, same], KEY)
    assert [one.ratings for one in collected.answers] == [{"cccccc": 9}]
    assert collected.refused == (
        f"{first}: other answers by the respondent of {other}, which is counted",
        f"{same}: other answers by the respondent of {other}, which is counted",
    )
    assert collect([first, same], KEY).refused == (
        f"{same}: the same answers by the respondent of {first}, which is counted",
    )


def test_one_file_given_twice_is_one_respondent(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert len(collect([path, path, tmp_path], KEY).answers) == 1


def test_a_bad_file_does_not_keep_the_others_out(tmp_path: Path) -> None:
    written(tmp_path, "1.json", respondent="0" * 16)
    written(tmp_path, "2.json", ratings={"cccccc": 99})
    written(tmp_path, "3.json", respondent="1" * 16)
    (tmp_path / "notes.txt").write_text("not looked at")
    missing = tmp_path / "missing.json"
    collected = collect([tmp_path, missing], KEY)
    assert len(collected.answers) == 2
    assert [line.split(": ")[0] for line in collected.refused] == [
        str(tmp_path / "2.json"), str(missing),
    ]  # fmt: skip
    assert "cannot be read" in collected.refused[1]


def test_the_key_of_a_page_is_read(page: Path, key: dict[str, Any]) -> None:
    read = read_key(page.with_name("page.key.json"))
    assert read.survey == key["survey"]
    assert read.sources == ("real", "foreign", "net")
    assert read.excerpts == {name: row["source"] for name, row in key["excerpts"].items()}


@pytest.mark.parametrize(
    "content",
    [
        "{}",
        "not JSON",
        json.dumps(GOOD),
        json.dumps({"format": 1, "survey": "0" * 16, "excerpts": {}}),
        json.dumps({"format": 1, "survey": "0" * 16, "excerpts": {"a": {"source": "real"}}}),
        json.dumps({"format": 1, "survey": "0" * 16, "excerpts": {"a": {"source": "net"}}}),
        json.dumps({"format": 1, "survey": "0" * 16, "excerpts": {"a": 5}}),
        json.dumps(
            {"format": 1, "survey": "0" * 16,
             "excerpts": {"a": {"source": "real"}, "b": {"source": "\x1b[2J"}}}
        ),
    ],
    ids=range(8),
)  # fmt: skip
def test_what_is_no_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key.json"
    path.write_text(content)
    with pytest.raises(
        InputError, match=r"key\.json: .*; --key takes the file that playbach-train"
    ):
        read_key(path)
