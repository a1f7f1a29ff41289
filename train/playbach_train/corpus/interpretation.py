"""From what a file of any format says to the piece that it means.

What a program writes by default is no statement, and a file may leave out what its notes tell. So
key, form and upbeat are found here for all formats alike, and each that the file does not say
outright is named as a guess, with the reason. Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from playbach.errors import InputError
from playbach.music.form import OTHER, Form, form_in_title, parse_form
from playbach.music.grid import Changes, changes, one_line
from playbach.music.key import Key, parse_key
from playbach.music.key_finding import Signature, weigh
from playbach.music.meter import MAX_BEATS, TICKS_PER_WHOLE, UNITS, Meter
from playbach.music.note import Note, Piece, Ticks
from playbach.music.pickup import infer_pickup
from playbach_train.corpus.folding import Folds, fold, leading_rests, written_out
from playbach_train.corpus.labels import NO_LABEL, Label

MOST_PARTS = 64
"""Bars that one bar of a meter with too many beats is split into, at most."""

_SHORT_FORMS = {
    "all": "allemande", "alm": "allemande", "pre": "prelude", "prl": "prelude", "cou": "courante",
    "cor": "courante", "sar": "sarabande", "men": "menuet", "min": "menuet", "bou": "bourree",
    "bor": "bourree", "gav": "gavotte", "gig": "gigue", "fug": "fugue", "ada": "adagio",
    "and": "andante", "alg": "allegro", "prs": "presto", "dou": "double", "dbl": "double",
    "cha": "chaconne", "cia": "chaconne", "sic": "siciliana", "lou": "loure", "gra": "grave",
    "lar": "largo", "viv": "vivace",
}  # fmt: skip
"""The first three letters of what files are called, after the number of a movement."""
_KEY_IN_TITLE = re.compile(
    r"(?<![^\W_])[a-g](?:[ -]?(?:sharp|flat)|[#♯b♭])?[ _-]?(?:major|minor)(?![^\W_])", re.IGNORECASE
)
_AFTER_A_NUMBER = re.compile(r"\d[-_. ]?(?!and[-_. ]?\d)([a-z]{3,5})[-_. ]?(?:\d|i+)?$")


@dataclass(frozen=True, slots=True)
class FileSays:
    """What a file says, on our grid.

    Attributes:
        notes: all notes, in order, none struck while its pitch sounds; at least one.
        signatures: key signatures; empty if there is none.
        meters: upper and lower number of the time signatures; empty if there is none, where the
            format has no meter to begin with.
        pickup: ticks before the first bar line, ``None`` if the format has no word for it.
        titles: of the movement and its parts; at least one in a file that is exact.
        work: title of the work that the movement belongs to.
        form: the form, if it is said in so many words.
        is_exact: whether we wrote the file, so that nothing in it is a default.
        off_grid: notes moved to the grid.
        merged: notes shortened or dropped because their pitch was struck again while it sounded.
        remarks: what was wrong with the file and read all the same, one line each.
        left_out: what was left out, one line each.
    """

    notes: tuple[Note, ...]
    signatures: Changes[Signature] = ()
    meters: Changes[tuple[int, int]] = ()
    pickup: Ticks | None = None
    titles: tuple[str, ...] = ()
    work: str = ""
    form: Form | None = None
    is_exact: bool = False
    off_grid: int = 0
    merged: int = 0
    remarks: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadResult:
    """A piece, and what had to be done to make it one.

    Attributes:
        piece: the music.
        off_grid: notes whose onset or end was moved to the grid of 24 ticks to the quarter.
        merged: notes shortened or dropped because their pitch was struck again while it sounded.
        remarks: what was wrong with the file and read all the same, one line each.
        changed: what was left out or folded, one line each.
        guessed: what the file does not say, or says otherwise, one line each: ``key: D minor ...``.
        upbeat: ticks of the upbeat, written as a short bar or after rests.
    """

    piece: Piece
    off_grid: int = 0
    merged: int = 0
    remarks: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()
    upbeat: Ticks = Ticks(0)


def interpret(
    says: FileSays, name: str, label: Label = NO_LABEL, folds: Folds = frozenset()
) -> ReadResult:
    """The piece that a file means.

    Args:
        says: what it says.
        name: what the movement is called: the path below its folder, without the suffix.
        label: what the user says of it.
        folds: what is folded, of what is found written out.

    Raises:
        InputError: a time signature is not one that can be played.
    """
    form, form_guess = _form(says, name, label)
    meters = _meters(says, label)
    pickup, meters, pickup_guess = _pickup(says, meters, form)
    keys, key_guesses = _keys(says, name, label)
    piece = Piece(says.notes, keys, meters, form, pickup, _title(says, name))
    rests = leading_rests(piece)
    repeats = written_out(piece)
    folded, changed, found = fold(piece, rests, repeats, folds)
    return ReadResult(
        folded,
        says.off_grid,
        says.merged,
        says.remarks,
        (*says.left_out, *changed),
        tuple(filter(None, (form_guess, *key_guesses, pickup_guess, *found))),
        Ticks(rests.upbeat or piece.pickup),
    )


def _title(says: FileSays, name: str) -> str:
    """The first title that names a form, or else the first there is."""
    if says.is_exact:
        return says.titles[0]
    titles = (*says.titles, name.rpartition("/")[2])
    return one_line(next((t for t in titles if form_in_title(t) is not OTHER), titles[0]))


def _form(says: FileSays, name: str, label: Label) -> tuple[Form, str]:
    """The form, and how it was guessed if it was."""
    if stated := label.form or says.form:
        return stated, ""
    *folders, stem = name.split("/")
    for title in (*says.titles, stem):
        if (form := form_in_title(title)) is not OTHER:
            return form, ""
    if found := _AFTER_A_NUMBER.search(stem.lower()):
        short = _SHORT_FORMS.get(found[1][:3])
        if short:
            return parse_form(short), f"form: {parse_form(short).name}, by {found[1]} in {stem}"
    if (form := form_in_title(says.work)) is not OTHER:
        return form, f"form: {form.name}, by the title of the work"
    for folder in reversed(folders):
        if (form := form_in_title(folder)) is not OTHER:
            return form, f"form: {form.name}, by the folder {folder}"
    return OTHER, "form: other, as neither titles, file nor folder name one"


def _titled(says: FileSays, name: str) -> Key | None:
    """The key that a title or the name of the file names, as in ``Sonata in G minor``."""
    for title in (*says.titles, name.rpartition("/")[2], says.work):
        if found := _KEY_IN_TITLE.search(title):
            return parse_key(re.sub("[_-]", " ", found[0]).capitalize())
    return None


def _keys(says: FileSays, name: str, label: Label) -> tuple[Changes[Key], list[str]]:
    """The keys, and which of them were guessed and why."""
    if label.key:
        return ((Ticks(0), label.key),), []
    if says.is_exact and says.signatures:
        exact = ((tick, sign.key or sign.major) for tick, sign in says.signatures)
        return changes(exact, from_start=True), []
    signatures: Changes[Signature | None] = says.signatures or ((Ticks(0), None),)
    titled = _titled(says, name)
    knows_modes = any(sign and sign.names_minor for _, sign in signatures)
    found: list[tuple[int, Key]] = []
    guesses: list[str] = []
    ends = [*(tick for tick, _ in signatures[1:]), math.inf]
    for (tick, sign), end in zip(signatures, ends, strict=True):
        region = [note for note in says.notes if tick <= note.onset < end]
        key, why = weigh(sign, region, titled=titled, knows_modes=knows_modes)
        found.append((tick, key))
        if why:
            guesses.append(f"key: {key}, {why}")
    return changes(found, from_start=True), guesses


def _meters(says: FileSays, label: Label) -> Changes[Meter]:
    if label.meter:
        return ((Ticks(0), label.meter),)
    if not says.meters:
        raise InputError("the score has no meter: add a time signature, or give it with --labels")
    end = max(note.end for note in says.notes)
    ends = [*(tick for tick, _ in says.meters[1:]), Ticks(end)]
    found: list[tuple[Ticks, Meter]] = []
    for (tick, (count, unit)), until in zip(says.meters, ends, strict=True):
        before = found[-1][1] if found else None
        found += _playable(count, unit, tick, until, before)
    return changes(found, from_start=False)


def _playable(
    count: int, unit: int, tick: Ticks, until: Ticks, before: Meter | None
) -> Iterator[tuple[Ticks, Meter]]:
    """The meter from ``tick`` on; bars of more beats than can be played are split.

    A cadenza is exported as one bar of 33/4. It becomes bars of the meter before it and one of what
    is left, or where there is none as many equal bars as it can be.
    """
    if unit not in UNITS or not 1 <= count <= MAX_BEATS * MOST_PARTS:
        lower = unit if unit < MAX_BEATS**2 else f"2^{unit.bit_length() - 1}"
        raise InputError(
            f"meter {count}/{lower}: the upper number is 1 to {MAX_BEATS}, the lower one of "
            f"{', '.join(map(str, UNITS))}"
        )
    if count <= MAX_BEATS:
        yield tick, Meter(count, unit)
        return
    while tick < until:
        for beats in _split(count, unit, before):
            if tick < until:
                meter = Meter(beats, unit)
                yield tick, meter
                tick = Ticks(tick + meter.bar_ticks)


def _split(count: int, unit: int, before: Meter | None) -> list[int]:
    if before is not None and before.unit == unit:
        bars, left = divmod(count, before.count)
        return [before.count] * bars + ([left] if left else [])
    equal = next((n for n in range(MAX_BEATS, 2, -1) if count % n == 0), MAX_BEATS)
    bars, left = divmod(count, equal)
    return [equal] * bars + ([left] if left else [])


def _pickup(
    says: FileSays, meters: Changes[Meter], form: Form
) -> tuple[Ticks, Changes[Meter], str]:
    """Ticks before the first bar line, the meters from there on, and the guess if it is one."""
    if says.pickup is not None and says.pickup < meters[0][1].bar_ticks:
        return says.pickup, meters, ""
    if _is_short_first_bar(meters):
        return meters[1][0], ((Ticks(0), meters[1][1]), *meters[2:]), ""
    until = meters[1][0] if len(meters) > 1 else math.inf
    heard = [note for note in says.notes if note.onset < until]
    pickup = infer_pickup(heard, meters[0][1], form) if heard else Ticks(0)
    return pickup, meters, f"upbeat: {whole_notes(pickup)}, by the rhythm" if pickup else ""


def _is_short_first_bar(meters: Changes[Meter]) -> bool:
    """Whether the pickup is a first bar of a meter of its own, as programs export it to MIDI."""
    return len(meters) > 1 and meters[1][0] == meters[0][1].bar_ticks < meters[1][1].bar_ticks


def whole_notes(ticks: int) -> str:
    """A length as musicians write it: ``1/8``."""
    return str(Fraction(ticks, TICKS_PER_WHOLE))
