"""Notes of a beat hang together."""

from __future__ import annotations

from playbach.save.notation.beams import beams


def drawn(flags: list[int], groups: list[int] | None = None) -> list[str]:
    """The words of each note in short: ``(`` begins, ``-`` goes on, ``)`` ends, ``<>`` hooks."""
    short = {"begin": "(", "continue": "-", "end": ")", "forward hook": ">", "backward hook": "<"}
    words = beams(flags, groups or [0] * len(flags))
    return ["".join(short[word] for word in one) for one in words]


def test_four_sixteenths_have_two_beams() -> None:
    assert drawn([2, 2, 2, 2]) == ["((", "--", "--", "))"]


def test_an_eighth_and_two_sixteenths_share_the_first_beam() -> None:
    assert drawn([1, 2, 2]) == ["(", "-(", "))"]
    assert drawn([2, 2, 1]) == ["((", "-)", ")"]


def test_a_sixteenth_beside_a_dotted_eighth_has_a_hook() -> None:
    assert drawn([1, 2]) == ["(", ")<"]
    assert drawn([2, 1]) == ["(>", ")"]


def test_rests_and_quarters_break_a_beam() -> None:
    assert drawn([1, 1, 0, 1, 1]) == ["(", ")", "", "(", ")"]
    assert drawn([1, 0, 1]) == ["", "", ""]


def test_beats_break_a_beam() -> None:
    assert drawn([1, 1, 1, 1], [0, 0, 1, 1]) == ["(", ")", "(", ")"]
    assert drawn([1, 1, 1], [0, 1, 1]) == ["", "(", ")"]
