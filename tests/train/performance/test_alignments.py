"""Performances are read as they were played, and a folder that is none is one line."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from tests.train.performance.made_up import folder_of_performances, mxl

from playbach.errors import InputError
from playbach_train.performance.alignments import CLIP, read_performances
from playbach_train.performance.scores import read_layout

SHARED = Path(__file__).parents[4] / "shared" / "data" / "violin-performances"


def test_times_beats_and_tempi_are_those_played(tmp_path: Path) -> None:
    performances = read_performances(folder_of_performances(tmp_path))
    assert len(performances) == 9
    one = performances[2]
    assert (one.player, one.movement) == ("Carl", "BWV0 1")
    assert one.seconds(0) == 1.0
    assert one.seconds(6) == pytest.approx((one.seconds(0) + one.seconds(12)) / 2)
    assert math.isnan(one.seconds(12 * 72))
    assert [beat.start for beat in one.beats[:3]] == [0, 24, 48]
    assert list(one.tempo) == list(range(35)), "the last beat ends after the last onset"
    assert one.tempo[34] > one.tempo[10]
    assert all(abs(log) <= CLIP for log in one.tempo.values())


def test_repeats_are_unfolded_and_part_sections(tmp_path: Path) -> None:
    mxl(tmp_path, "score", bars=4, repeats=True)
    layout = read_layout(tmp_path / "scores" / "score.mxl")
    assert [written for _, written, _ in layout.spans] == [0, 72, 0, 72, 144, 216, 144, 216]
    assert layout.double_bars == (144, 288, 432)
    assert layout.end == 8 * 72


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("performances.csv", None, "cannot be read"),
        ("performances.csv", "name,violinist\n", "0 performances"),
        ("performances.csv", "name,violinist\na,b\n", "there is no column work"),
        (
            "performances.csv",
            "name,violinist,work,movement,score\n../x,b,c,d,e\n",
            "no name of a file",
        ),
        ("notes/anna_1.csv", None, "cannot be read"),
        ("notes/anna_1.csv", "onset,offset,pitch\n0,12,999\n", "line 2: onset 0 or pitch 999"),
        ("notes/anna_1.csv", "onset,offset,pitch\n0,12,C\n", "line 2: could not convert"),
        ("alignments/anna_1.csv", "start,end\n0,1\n", "1 rows, but its notes have 72"),
        ("alignments/anna_1.csv", "start,end\n0,inf\n", "out of range"),
        ("scores/score1.mxl", "text", "not a MusicXML score"),
        ("scores/score1.mxl", None, "cannot be read"),
    ],
)
def test_a_mistake_is_one_line_that_says_where(
    file: str, content: str | None, why: str, tmp_path: Path
) -> None:
    folder_of_performances(tmp_path)
    path = tmp_path / file
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=why) as refused:
        read_performances(tmp_path)
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data/violin-performances")
def test_the_violinists_are_read_and_agree_with_their_scores() -> None:
    performances = read_performances(SHARED)
    assert len(performances) == 40
    for one in performances:
        assert max(note.end for note in one.passage.notes) <= one.layout.end
    halves = {one.name: list(one.passage.double_bars) for one in performances}
    assert halves["emil-telmanyi_bwv1006_mov7"] == [1152, 2304, 3456]
    # Not repeated, so only an incomplete bar shows where the half ends.
    assert halves["emil-telmanyi_bwv1004_mov4"] == [2880]
