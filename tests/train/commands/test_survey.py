"""``playbach-train survey``: what it prints of answers made up here, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from playbach_train.cli import main

SURVEY = "0123456789abcdef"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Two real excerpts and two of a network."""
    sources = {"bbbbbb": "real", "cccccc": "real", "dddddd": "net", "ffffff": "net"}
    path = tmp_path / "page.key.json"
    excerpts = {name: {"source": source} for name, source in sources.items()}
    path.write_text(json.dumps({"format": 1, "survey": SURVEY, "excerpts": excerpts}))
    return path


def answer(folder: Path, number: int, *ratings: int, known: tuple[str, ...] = ()) -> None:
    """Ratings that nobody gave."""
    folder.mkdir(exist_ok=True)
    rated = dict(zip(("bbbbbb", "cccccc", "dddddd", "ffffff"), ratings, strict=False))
    content = {
        "format": 1, "survey": SURVEY, "respondent": f"{number:016x}", "years": number,
        "known": list(known), "ratings": rated,
    }  # fmt: skip
    (folder / f"{number}.json").write_text(json.dumps(content))


def survey(*words: object) -> int:
    return main(["survey", *map(str, words)])


def test_the_tables_say_what_was_found(
    tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "answers"
    answer(folder, 1, 10, 8, 3, 5)
    answer(folder, 2, 7, 7, 6, 6)
    answer(folder, 3, 4, 6, 2, 4)
    assert survey(folder, "--key", key) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines() == [
        "3 respondents; 0 is computer, 10 is human",
        "",
        "source  respondents  ratings  mean   95% interval  judged human",
        "real              3        6  7.00  2.03 to 11.97           83%",
        "net               3        6  4.33   0.54 to 8.13           33%",
        "",
        "minus real  respondents  difference   95% interval    d_z       p  p (Holm)",
        "net                   3       -2.67  -7.84 to 2.50  -1.28  0.2500    0.2500",
        "with fewer than 6 respondents p cannot fall below 0.05",
    ]


def test_the_json_has_every_figure(
    tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "answers"
    for number in range(7):
        answer(folder, number, 9, 7, number, 4, known=("bbbbbb",))
    (folder / "x.json").write_text("no")
    assert survey(folder, "--key", key, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["survey"] == SURVEY
    assert (found["respondents"], found["known"]) == (7, 7)
    assert found["sources"]["real"]["rating"]["mean"] == 7
    assert found["compared"]["net"]["difference"]["count"] == 7
    assert found["compared"]["net"]["p"] == 2 / 2**7
    assert found["years"] == {"answered": 7, "median": 3}
    assert found["refused"] == [f"{folder / 'x.json'}: not JSON"]


def test_one_respondent_gives_means_and_a_clear_word_that_there_is_no_test(
    tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(tmp_path / "answers", 1, 10, 8, 3, 5, known=("cccccc",))
    assert survey(tmp_path / "answers" / "1.json", "--key", key) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "ratings left out because the listener knew the piece: 1" in lines
    assert lines[-1] == "net: no test; fewer than 2 respondents rated both it and real"
    assert any(line.startswith("real ") and "10.00" in line for line in lines)


def test_a_source_that_nobody_rated_stays_in_the_table(
    tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(tmp_path / "answers", 1, 10, 8)
    assert survey(tmp_path / "answers", "--key", key) == 0
    assert "net               0        0" in capsys.readouterr().out


def test_what_is_refused_is_said_before_the_figures(
    tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(tmp_path / "answers", 1, 10, 8, 3, 5)
    answer(tmp_path / "answers", 2, 10, 80, 3, 5)
    assert survey(tmp_path / "answers", "--key", key) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first == (
        f"refused {tmp_path}/answers/2.json: rating of cccccc is '80'; "
        "it must be a whole number from 0 to 10"
    )


def test_the_name_of_a_file_cannot_steer_a_terminal(
    tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(tmp_path / "answers", 1, 10, 8, 3, 5)
    (tmp_path / "answers" / "\x1b[2J.json").write_text("")
    assert survey(tmp_path / "answers", "--key", key) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_without_answers_there_is_nothing_to_analyse(
    tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert survey(key, "--key", key) == 2
    err = capsys.readouterr().err
    assert err.startswith(
        "playbach-train: no answers to this test; files refused: 1, the first because "
    )
    assert err.count("\n") == 1
    (tmp_path / "empty").mkdir()
    assert survey(tmp_path / "empty", "--key", key) == 2
    assert "no answers to this test; files refused: 0\n" in capsys.readouterr().err


def test_a_key_that_is_none_is_refused(
    tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(tmp_path / "answers", 1, 10, 8, 3, 5)
    assert survey(tmp_path / "answers", "--key", tmp_path / "none.json") == 2
    assert "none.json: cannot be read" in capsys.readouterr().err
    assert survey(tmp_path / "answers", "--key", tmp_path / "answers" / "1.json") == 2
    assert "--key takes the file that playbach-train listen wrote" in capsys.readouterr().err
    assert key.exists()
