"""``playbach-train listen``: a page of unlabelled excerpts of real and generated music."""

from __future__ import annotations

import argparse
import json
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playbach.bundle import read_bundle
from playbach.errors import InputError, OutputError
from playbach.files import check_writable, write_atomically
from playbach.music.form import FORMS, Form, parse_form
from playbach_train.commands import check_out_folder, check_range, say
from playbach_train.commands.corpus import add_corpus_arguments, request_from
from playbach_train.commands.report import (
    MOST_SEED,
    add_temperature_argument,
    sampling_from,
)
from playbach_train.corpus import Request
from playbach_train.listening.blind import (
    WHO_PLAYS_IT,
    WHO_WROTE_IT,
    Blind,
    blind,
    key_of,
    page_of,
)
from playbach_train.listening.sources import (
    REAL,
    Origin,
    Wanted,
    composed,
    labelled,
    performed,
    scores,
)

PAGE = "index.html"
MOST_EXCERPTS, MOST_IN_ALL = 50, 200
SHORTEST, LONGEST = 5, 120
# What HTML takes for an address of mail, with a dot in its domain.
MAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+"
)
LONGEST_MAIL = 254


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.description = (
        "Write a page on which listeners rate excerpts from 0 (computer) to 10 (human) without "
        "knowing which are which. At least one real and one generated source are needed; with "
        "--performing, one source."
    )
    add_corpus_arguments(parser.add_argument_group("real music"), "real movements", "--real")
    generated = parser.add_argument_group("generated music")
    generated.add_argument(
        "--bundle", metavar="[LABEL=]FILE", action="append", default=[], dest="bundles",
        help="bundle of a network that composes; may be repeated",
    )  # fmt: skip
    generated.add_argument(
        "--midi", metavar="[LABEL=]DIR", action="append", default=[],
        help="folder of scores that something else generated; may be repeated",
    )  # fmt: skip
    add_temperature_argument(generated)
    parser.add_argument(
        "--performing", action="store_true",
        help="compare ways of playing instead: each excerpt of one source, real or generated, "
        "evenly, by the performer's fitted rules, and with all it has learned",
    )  # fmt: skip
    _add_page_arguments(parser.add_argument_group("page"))


def _add_page_arguments(page: argparse._ArgumentGroup) -> None:
    page.add_argument(
        "-o", "--out", metavar="FOLDER", type=Path, required=True, help="folder for the page"
    )
    page.add_argument(
        "--key", metavar="FILE", type=Path,
        help="where the answer key is written, outside that folder (default: FOLDER.key.json)",
    )  # fmt: skip
    page.add_argument("--force", action="store_true", help="replace an existing page and key")
    page.add_argument(
        "--excerpts", metavar="N", type=int, default=5,
        help="excerpts of each source (default %(default)s)",
    )  # fmt: skip
    page.add_argument(
        "--seconds", metavar="S", type=float, default=20.0,
        help="length of an excerpt (default %(default)g)",
    )  # fmt: skip
    page.add_argument(
        "--seed", metavar="N", type=int,
        help="makes the same page again; keep it as secret as the key (default: random)",
    )  # fmt: skip
    page.add_argument("--mail", metavar="ADDRESS", help="offer to mail the answers to this address")


def run(args: argparse.Namespace) -> int:
    """Choose, compose, level, shuffle and write; the exit status."""
    wanted, key = _wanted(args), _key_path(args)
    _check_mail(args.mail)
    bundles, midi = labelled(args.bundles), labelled(args.midi)
    _check_sources(args, [*bundles, *midi])
    sampling = sampling_from(args)
    check_out_folder(args.out, PAGE, force=args.force)
    check_writable(key, force=args.force)
    request = request_from(args)
    origins = []
    if args.folders or args.corpora:
        origins = [scores(REAL, [*args.folders, *args.corpora], request, wanted, say)]
    forms = _forms(origins)
    origins += [scores(label, [path], Request(), wanted, say) for label, path in midi.items()]
    for label, path in bundles.items():
        say(f"composing with {path}")
        origins.append(composed(label, path, forms, sampling, wanted))
    if args.performing:
        models = [read_bundle(path).performer for path in bundles.values()]
        origins = performed(origins[0], models[0] if models else None, wanted.seed)
    test = blind(origins, wanted.seed)
    _write(args, test, key, key_of(test, origins, wanted))
    return 0


def _wanted(args: argparse.Namespace) -> Wanted:
    seed = secrets.randbelow(MOST_SEED) if args.seed is None else args.seed
    check_range("--excerpts", args.excerpts, 1, MOST_EXCERPTS)
    check_range("--seconds", args.seconds, SHORTEST, LONGEST)
    check_range("--seed", seed, 0, MOST_SEED)
    return Wanted(args.excerpts, args.seconds, seed)


def _check_mail(mail: str | None) -> None:
    if mail is not None and not (len(mail) <= LONGEST_MAIL and MAIL.fullmatch(mail)):
        raise InputError(f"--mail {mail[:80]!r}: it must be one address, such as name@example.org")


def _check_sources(args: argparse.Namespace, generated: Sequence[str]) -> None:
    if args.performing:
        if len(generated) + bool(args.folders or args.corpora) != 1:
            raise InputError(
                "--performing compares ways of playing one source; give --real DIR, --corpus NAME, "
                "--bundle FILE or --midi DIR"
            )
        return
    if not args.folders and not args.corpora:
        raise InputError("no real music; give --real DIR or --corpus NAME")
    if not generated:
        raise InputError("no generated music; give --bundle FILE or --midi DIR")
    both = [label for label in generated if generated.count(label) > 1]
    if both:
        raise InputError(f"two sources have the label {both[0]!r}; write LABEL=PATH")
    count = args.excerpts * (1 + len(generated))
    if count > MOST_IN_ALL:
        raise InputError(
            f"{count} excerpts in all; at most {MOST_IN_ALL} are allowed, for nobody rates more: "
            "lower --excerpts"
        )


def _key_path(args: argparse.Namespace) -> Path:
    out: Path = args.out
    # "." and ".." have no name of their own.
    folder = out if out.name not in {"", ".."} else out.resolve()
    key: Path = args.key or folder.parent / f"{folder.name}.key.json"
    if key.resolve().is_relative_to(out.resolve()):
        raise OutputError(
            f"{key}: it is within {out}, which is to be published; write the key elsewhere with "
            "--key FILE"
        )
    return key


def _forms(origins: Sequence[Origin]) -> list[Form]:
    """What networks are asked for: the forms of the real excerpts, so that they tell nothing."""
    return [parse_form(one.form) for origin in origins for one in origin.taken] or [*FORMS[1:]]


def _write(args: argparse.Namespace, test: Blind, key_path: Path, key: dict[str, Any]) -> None:
    """The key first: a page without it would be worthless."""
    out: Path = args.out
    write_atomically(key_path, (json.dumps(key, indent=1) + "\n").encode(), force=args.force)
    try:
        out.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out}: cannot be made: {error.strerror}") from error
    question = WHO_PLAYS_IT if args.performing else WHO_WROTE_IT
    write_atomically(out / PAGE, page_of(test, question, mail=args.mail).encode(), force=args.force)
    say(f"{out / PAGE}: {len(test.excerpts)} excerpts; publish the folder {out}, and only that")
    say(f"{key_path}: which is which, and the seed; keep it to yourself")
