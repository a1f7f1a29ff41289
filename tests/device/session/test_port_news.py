"""What becomes of a port is said in a line each, and in few lines if it never rests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbach.session.port_news import MOST_AT_ONCE, PAUSE, Line, PortNews, SessionNews
from playbach.session.status import SessionStatus


def looks(news: PortNews, *seen: tuple[str, bool], begin: float = 0.0) -> list[str]:
    """What is said of a port that is seen so, twice a second."""
    lines = [news.look(name, begin + i / 2, is_there=there) for i, (name, there) in enumerate(seen)]
    return [line.text for line in lines if line]


def test_each_change_is_a_line_and_what_stays_is_none() -> None:
    news = PortNews("playing to")
    assert looks(
        news, ("X", False), ("X", False), ("X:1", True), ("X:1", True), ("X:1", False),
        ("X:1", True), ("Y", True), ("Y", True),
    ) == [
        "waiting for X", "found, and playing to X:1", "lost: waiting for X:1",
        "found, and playing to X:1", "playing to Y",
    ]  # fmt: skip


def test_only_what_is_not_heard_is_a_loss() -> None:
    news = PortNews("playing to")
    assert news.look("X", 0.0, is_there=True) == Line("playing to X", is_loss=False)
    assert news.look("X", 0.5, is_there=False) == Line("lost: waiting for X", is_loss=True)


def test_what_was_said_already_is_not_said_again() -> None:
    news = PortNews("playing to", tells_first=False)
    assert looks(news, ("X", True), ("X", False), ("X", True)) == [
        "lost: waiting for X", "found, and playing to X"
    ]  # fmt: skip
    assert looks(PortNews("playing to", tells_first=False), ("X", False)) == ["waiting for X"]


def test_a_port_that_flaps_does_not_fill_the_journal_and_what_was_left_out_is_counted() -> None:
    news = PortNews("playing to")
    day = [("X", bool(i % 2)) for i in range(2 * 86_400)]
    said = looks(news, *day)
    assert len(said) <= MOST_AT_ONCE + 86_400 / PAUSE + 1
    assert said[MOST_AT_ONCE].endswith("more changes before that)")
    left_out = [int(line.split("(")[1].split()[0]) for line in said if "(" in line]
    assert len(said) + sum(left_out) == pytest.approx(len(day), abs=2 * PAUSE)


def test_how_it_ended_is_said_even_if_nothing_changes_any_more() -> None:
    news = PortNews("playing to")
    looks(news, *[("X", bool(i % 2)) for i in range(100)])
    assert looks(news, *[("X", True)] * 3, begin=50.0) == []
    (line,) = looks(news, *[("X", True)] * int(3 * PAUSE), begin=53.0)
    assert line == f"playing to X ({100 - MOST_AT_ONCE - 1} more changes before that)"


def test_a_clock_is_told_of_like_a_synth_and_only_if_there_is_one() -> None:
    said: list[Line] = []
    news = SessionNews(said.append)
    news.look(SessionStatus(sink="S"), 0.0)
    news.look(SessionStatus(sink="S", clock="C"), 1.0)
    news.look(SessionStatus(sink="S", clock="C", clock_connected=True), 2.0)
    news.look(SessionStatus(sink="S"), 3.0)
    assert [line.text for line in said] == [
        "playing to S",
        "waiting for C",
        "found, and following C",
    ]


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_the_last_line_is_how_it_is_in_the_end(seen: list[bool]) -> None:
    news = PortNews("playing to")
    said = looks(news, *(("X", there) for there in seen))
    said += looks(news, *[("X", seen[-1])] * 4, begin=2 * PAUSE * len(seen))
    assert ("playing to X" in said[-1]) == seen[-1]
