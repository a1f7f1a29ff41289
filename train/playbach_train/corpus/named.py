"""Corpora that are known by name: one row each."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import metadata, resources
from pathlib import Path

from playbach.errors import InputError
from playbach.music.form import parse_form
from playbach.music.grid import one_line
from playbach.music.key import Key
from playbach.music.note import Ticks
from playbach_train.corpus.engraving import (
    Manifest,
    MissingSourceError,
    ReadSource,
    Work,
    compile_work,
    packaged_manifest,
    read_from_folder,
    read_over_http,
)
from playbach_train.corpus.folder import Outcome, read_score, read_scores
from playbach_train.corpus.labels import Asked, Label
from playbach_train.corpus.lines import read_line
from playbach_train.corpus.records import Request, ScoreMovement, Skipped, user_cache

_MUSIC21_LICENCES = {
    "bach-chorales": "music in the public domain; encodings as licensed to music21",
    "essen-ballads": "non-commercial distribution and use, as permitted to music21",
}


@dataclass(frozen=True, slots=True)
class NamedCorpus:
    """A corpus that can be asked for by name.

    Attributes:
        name: the word used in commands.
        about: what it holds, one line.
        credit: who made the scores.
        program: General MIDI program (0 to 127) its files are written with.
        read: gives its movements in order, each when it is asked for.
    """

    name: str
    about: str
    credit: str
    program: int
    read: Callable[[Request], Iterator[Outcome]]


def named_corpus(name: str) -> NamedCorpus:
    """The corpus of that name.

    Raises:
        InputError: there is none; the message lists those there are and the nearest.
    """
    corpus = next((corpus for corpus in NAMED_CORPORA if corpus.name == name), None)
    if corpus is not None:
        return corpus
    names = [corpus.name for corpus in NAMED_CORPORA]
    near = difflib.get_close_matches(name[:40], names, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise InputError(
        f"corpus {name[:40]!r}: there is no such corpus{hint}; choose one of {', '.join(names)}, "
        "or give a folder of scores with --midi DIR"
    )


def read_engravings(name: str, request: Request) -> Iterator[Outcome]:
    """The movements of a corpus of LilyPond scores, compiled when they are not in the cache.

    Raises:
        InputError: a source cannot be fetched, is altered, or does not compile.
    """
    manifest = packaged_manifest()
    if request.from_dir is None:
        read = read_over_http(manifest)
    else:
        read = read_from_folder(request.from_dir, manifest)
    return read_works(name, manifest, read, request)


def read_works(
    name: str, manifest: Manifest, read: ReadSource, request: Request
) -> Iterator[Outcome]:
    """The movements of the works that ``manifest`` lists under ``name``.

    A work of which no movement is wanted is neither fetched nor compiled.

    Raises:
        InputError: as ``read_engravings``.
    """
    folder = engraving_cache(request, manifest) / name
    for work in manifest.corpora[name]:
        if all(map(request.excludes, work.pieces)):
            yield from (Skipped(piece, "excluded") for piece in work.pieces)
            continue
        try:
            compiled = compile_work(work, read, folder)
        except MissingSourceError as error:
            if not request.partial:
                raise InputError(
                    f"{error}; --partial builds the movements whose sources are all there"
                ) from error
            yield from (Skipped(piece, f"{piece}: {error}") for piece in work.pieces)
            continue
        credit = f", engraved by {work.engraver}" if work.engraver else ""
        found = _read_work(work, compiled, name)
        yield from _with_terms(found, f"{manifest.origin}{credit}", work.licence)


def _read_work(work: Work, compiled: Mapping[str, Path], corpus: str) -> Iterator[Outcome]:
    keys = dict(work.keys)
    if work.lines:
        for line in work.lines:
            outcome = read_line(line, compiled[line.movement], corpus)
            yield _in_key(outcome, keys.get(line.movement))
        return
    for movement, path in compiled.items():
        for outcome in read_score(path, movement, corpus):
            yield _in_key(outcome, keys.get(movement))


def _in_key(outcome: Outcome, key: Key | None) -> Outcome:
    if key is None or isinstance(outcome, Skipped):
        return outcome
    piece = replace(outcome.piece, keys=((Ticks(0), key),))
    guessed = tuple(line for line in outcome.guessed if not line.startswith("key:"))
    return replace(outcome, piece=piece, guessed=guessed, is_altered=True)


def engraving_cache(request: Request, manifest: Manifest) -> Path:
    """The folder for engravings of this commit; another LilyPond may make other MIDI files."""
    try:
        version = metadata.version("lilypond")
    except metadata.PackageNotFoundError:
        version = "unknown"  # what is missing is said when it comes to compiling
    return (request.cache or user_cache()) / f"{manifest.commit[:12]}-lilypond-{version}"


def _with_terms(outcomes: Iterable[Outcome], origin: str, licence: str) -> Iterator[Outcome]:
    for one in outcomes:
        yield (
            replace(one, origin=origin, licence=licence) if isinstance(one, ScoreMovement) else one
        )


def read_chorales(request: Request) -> Iterator[Outcome]:
    """The chorales of Riemenschneider's edition, each file once, in the order of its numbers."""
    from music21.corpus.chorales import ChoraleListRKBWV  # noqa: PLC0415 slow to import

    edition = ChoraleListRKBWV().byRiemenschneider
    titles = {f"bwv{edition[n]['bwv']}": str(edition[n]["title"]) for n in sorted(edition)}
    folder = _music21_corpus() / "bach"
    # The edition counts two chorales of which music21 has only other versions.
    paths = [path for name in titles if (path := folder / f"{name}.mxl").is_file()]
    for outcome in _from_music21(paths, "bach-chorales", "chorale", request):
        if isinstance(outcome, ScoreMovement):
            title = one_line(titles[outcome.name])
            yield replace(outcome, piece=replace(outcome.piece, title=title))
        else:
            yield outcome


def read_ballads(request: Request) -> Iterator[Outcome]:
    """Every tune of the Essen folk song collection, file by file."""
    paths = sorted((_music21_corpus() / "essenFolksong").glob("*.abc"))
    yield from _from_music21(paths, "essen-ballads", "song", request)


def _from_music21(
    paths: Sequence[Path], corpus: str, form: str, request: Request
) -> Iterator[Outcome]:
    asked = Asked({path.stem: Label(form=parse_form(form)) for path in paths})
    few = request.limit is not None
    outcomes = read_scores([(path, path.stem) for path in paths], corpus, asked, few=few)
    origin = f"music21 {metadata.version('music21')}, corpus/{paths[0].parent.name}"
    return _with_terms(outcomes, origin, _MUSIC21_LICENCES[corpus])


def _music21_corpus() -> Path:
    """The folder of scores that comes with music21."""
    try:
        return Path(str(resources.files("music21"))) / "corpus"
    except ModuleNotFoundError as error:
        raise InputError(
            "music21 is not installed, and this corpus comes with it; install the training extra: "
            "pip install 'playbach[train]'"
        ) from error


NAMED_CORPORA = (
    NamedCorpus(
        "cello-suites",
        "J. S. Bach, suites for solo cello BWV 1007-1012, 41 movements",
        "the engravers of the Mutopia Project",
        42,
        lambda request: read_engravings("cello-suites", request),
    ),
    NamedCorpus(
        "bach-solo",
        "J. S. Bach, works for solo violin, flute and lute, 44 movements",
        "the engravers of the Mutopia Project",
        40,
        lambda request: read_engravings("bach-solo", request),
    ),
    NamedCorpus(
        "bach-keyboard",
        "J. S. Bach, 266 single lines of works for keyboard",
        "the engravers of the Mutopia Project",
        6,
        lambda request: read_engravings("bach-keyboard", request),
    ),
    NamedCorpus(
        "bach-ensemble",
        "J. S. Bach, 57 single lines of concertos, sonatas and the Art of Fugue",
        "the engravers of the Mutopia Project",
        40,
        lambda request: read_engravings("bach-ensemble", request),
    ),
    NamedCorpus(
        "bach-church",
        "J. S. Bach, 145 single lines of works for organ and of cantatas",
        "the engravers of the Mutopia Project",
        19,
        lambda request: read_engravings("bach-church", request),
    ),
    NamedCorpus(
        "bach-chorales",
        "J. S. Bach, 348 four-part chorales, from music21",
        "Margaret Greentree and others, by way of music21",
        19,
        read_chorales,
    ),
    NamedCorpus(
        "essen-ballads",
        "8,300 songs of the Essen folk song collection, from music21 (takes minutes)",
        "Helmut Schaffrath, Ewa Dahlig-Turek, Seymour Shlien, by way of music21",
        73,
        read_ballads,
    ),
)
