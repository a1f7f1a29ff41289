"""``playbach-train listen``: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.fixtures.make_tiny_bundle import TINY_BUNDLE
from tests.train.listening.conftest import sources, words

from playbach_train.cli import main

__all__ = ["sources"]


def test_what_may_be_published_and_what_may_not_is_said(
    sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(sources, tmp_path / "page")) == 0
    *_, page, key = capsys.readouterr().out.splitlines()
    assert page == (
        f"{tmp_path}/page/index.html: 9 excerpts; publish the folder {tmp_path}/page, and only that"
    )
    assert key == f"{tmp_path}/page.key.json: which is which, and the seed; keep it to yourself"


def test_page_and_key_are_kept_unless_they_may_be_replaced(
    sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page"
    assert main(words(sources, out)) == 0
    before = (out / "index.html").read_bytes()
    assert main(words(sources, out, "--seed", "1")) == 2
    assert "exists; give --force" in capsys.readouterr().err
    assert (out / "index.html").read_bytes() == before
    assert main(words(sources, out, "--seed", "1", "--force")) == 0
    assert (out / "index.html").read_bytes() != before


def test_the_key_is_not_written_over_without_force(
    sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "mine.json"
    key.write_text("precious")
    assert main(words(sources, tmp_path / "page", "--key", key)) == 2
    assert "mine.json: exists" in capsys.readouterr().err
    assert key.read_text() == "precious"
    assert not (tmp_path / "page").exists()


@pytest.mark.parametrize("place", ["page/key.json", "page/deeper/key.json", "page"])
def test_the_key_is_never_among_what_is_published(
    sources: Path, tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(sources, tmp_path / "page", "--key", tmp_path / place)) == 2
    assert "which is to be published; write the key elsewhere" in capsys.readouterr().err


@pytest.mark.parametrize("here", [".", "deeper/.."])
def test_the_key_of_a_page_written_where_one_is_lies_beside_that_folder(
    sources: Path, tmp_path: Path, here: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page" / "deeper").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "page")
    assert main(words(sources, Path(here))) == 0
    assert (tmp_path / "page" / "index.html").exists()
    assert (tmp_path / "page.key.json").exists()


def test_a_bundle_has_the_label_of_its_file_unless_it_is_given_one(
    sources: Path, tmp_path: Path
) -> None:
    given = ["listen", "--real", sources / "bach", "--bundle", TINY_BUNDLE, "--midi",
             f"my other={sources / 'foreign'}", "--out", tmp_path / "page", "--seconds", "6",
             "--excerpts", "1"]  # fmt: skip
    assert main([str(word) for word in given]) == 0
    key = json.loads((tmp_path / "page.key.json").read_bytes())
    assert list(key["sources"]) == ["real", "my other", "tiny"]


REFUSED = {
    ("--excerpts", "0"): "--excerpts 0: it must be from 1 to 50",
    ("--excerpts", "4"): None,  # as many as there are real movements
    ("--excerpts", "5"): "real: 4 of 4 movements have 6 s of music, and 5 are wanted",
    ("--seconds", "1"): "--seconds 1.0: it must be from 5 to 120",
    ("--seconds", "nan"): "--seconds nan: it must be from 5 to 120",
    ("--seconds", "110"): "real: 0 of 4 movements have 110 s of music",
    ("--seed", "-1"): "--seed -1: it must be from 0 to 9223372036854775807",
    ("--mail", "nobody"): "--mail 'nobody': it must be one address",
    ("--mail", "a@b.org?bcc=c@d.org"): "it must be one address",
    ("--mail", "a@b.org\nBcc: c@d.org"): "it must be one address",
    ("--mail", "a,b@example.org"): "it must be one address",
    ("--temperature", "warm"): "temperature 'warm'",
    ("--bundle", "none.bundle"): "none.bundle",
    ("--bundle", str(TINY_BUNDLE)): None,
    ("--bundle", f"net={TINY_BUNDLE}"): "there is a source 'net' already; write LABEL=PATH",
    ("--bundle", f"real={TINY_BUNDLE}"): "there is a source 'real' already",
    ("--bundle", "<b>.bundle"): "give it a label, as in mine=<b>.bundle",
    ("--midi", "net=nowhere"): "two sources have the label 'net'",
    ("--midi", "nowhere"): "nowhere: there is no such folder",
    ("--corpus", "cello"): "corpus 'cello': there is no such corpus",
}


@pytest.mark.parametrize(("more", "message"), REFUSED.items(), ids=map("=".join, REFUSED))
def test_what_cannot_be_is_refused_in_a_line(
    sources: Path,
    tmp_path: Path,
    more: tuple[str, str],
    message: str | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(words(sources, tmp_path / "page", *more))
    said = capsys.readouterr().err
    if message is None:
        assert (status, said) == (0, "")
        return
    assert status == 2
    assert message in said
    assert said.count("\n") == 1
    assert not (tmp_path / "page").exists()
    assert not (tmp_path / "page.key.json").exists()


def test_both_kinds_of_music_are_needed(
    sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "page")]
    assert main(["listen", "--bundle", str(TINY_BUNDLE), *out]) == 2
    assert "no real music; give --real DIR" in capsys.readouterr().err
    assert main(["listen", "--real", str(sources / "bach"), *out]) == 2
    assert "no generated music; give --bundle FILE" in capsys.readouterr().err


def test_ways_of_playing_are_compared_on_one_source(
    sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words(sources, tmp_path / "page"), "--performing"]) == 2
    assert "--performing compares ways of playing one source; give" in capsys.readouterr().err
    given = ["listen", "--performing", "--bundle", TINY_BUNDLE, "--out", tmp_path / "page",
             "--seconds", "6", "--excerpts", "2"]  # fmt: skip
    assert main([str(word) for word in given]) == 0
    key = json.loads((tmp_path / "page.key.json").read_bytes())
    rows = list(key["excerpts"].values())
    assert (key["reference"], list(key["sources"])) == ("even", ["even", "rules", "learned"])
    music = {
        way: {(row["movement"], row["tick"], row["moved"]) for row in rows if row["source"] == way}
        for way in key["sources"]
    }
    assert len(music["even"]) == 2
    assert music["even"] == music["rules"] == music["learned"]
    page = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    told = json.loads(page.split('id="survey">')[1].split("</script>")[0])
    assert "learned" not in json.dumps(told)
    heard = {row["source"]: one for one in told["excerpts"] for row in [key["excerpts"][one["id"]]]}
    assert len({json.dumps(one["notes"]) for one in heard.values()}) == 3


def test_a_page_nobody_would_finish_is_refused(
    sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = [word for label in "abc" for word in ("--bundle", f"{label}={TINY_BUNDLE}")]
    assert main(words(sources, tmp_path / "page", *more, "--excerpts", "50")) == 2
    assert "300 excerpts in all" in capsys.readouterr().err


def test_a_file_in_the_place_of_the_folder_is_left_alone(
    sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page").write_text("mine")
    assert main(words(sources, tmp_path / "page")) == 2
    assert "this is a file" in capsys.readouterr().err
    assert (tmp_path / "page").read_text() == "mine"
