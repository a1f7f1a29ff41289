"""Options that shape the music, for every command that composes."""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path

import numpy as np

from playbach.composer.composer import Composer, Settings
from playbach.composer.sampling import Sampling, parse_temperatures
from playbach.composer.suites import Wishes
from playbach.errors import InputError
from playbach.music.form import parse_form
from playbach.music.key import parse_key
from playbach.music.meter import parse_meter
from playbach.session.trial import load_tried

MOST_SEED = 2**63 - 1


def add_music_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of form, key, tempo, sampling and network."""
    group = parser.add_argument_group("music")
    group.add_argument("--form", metavar="F", help="every movement of this form, such as gigue")
    group.add_argument("--key", metavar="K", help="such as 'D minor', Bb, or f#")
    group.add_argument(
        "--meter", metavar="M", help="such as 3/4 (default: as often as Bach uses each in the form)"
    )
    group.add_argument(
        "--tempo", metavar="BPM", type=float, help="felt beats per minute, 10 to 400"
    )
    defaults = Sampling()
    group.add_argument(
        "--temperature",
        metavar="T",
        default="1",
        help="sampling temperature: 1 as learned, lower is safer, higher bolder; 0.05 to 5; parts "
        "of a note may have their own, as in 1,shift=0.8,pitch=0.9,duration=0.7",
    )
    group.add_argument(
        "--top-p",
        metavar="P",
        type=float,
        default=defaults.top_p,
        help="draw from the likeliest choices that together have this probability, at most 1 "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--memory",
        metavar="M",
        type=float,
        default=defaults.memory,
        help="how strongly a piece returns to its own motifs: 0 not at all, 1 as learned, up to 2",
    )
    group.add_argument("--repeats", action="store_true", help="play each half of a dance twice")
    group.add_argument(
        "--playable", action="store_true", help="only chords that a cellist's hand can stop"
    )
    group.add_argument(
        "--seed", metavar="N", type=int, help="random seed; the same seed gives the same music"
    )
    network = parser.add_argument_group("network")
    network.add_argument(
        "--bundle", metavar="FILE", type=Path, help="the model to play (default: the one included)"
    )
    network.add_argument(
        "--variant", metavar="NAME", help="numeric variant of the model, such as dynamic"
    )
    network.add_argument(
        "--fallback",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether the processor takes over where the Edge TPU is missing or unplugged",
    )
    network.add_argument(
        "--stepwise",
        action="store_true",
        help="let a network that would read its window again for each symbol carry its state on "
        "instead: faster, and not the same music",
    )


def settings_from(args: argparse.Namespace) -> Settings:
    """What the options ask for.

    Raises:
        InputError: one of them is outside what is allowed.
    """
    return Settings(
        Wishes(
            form=None if args.form is None else parse_form(args.form),
            key=None if args.key is None else parse_key(args.key),
            tempo=args.tempo,
            meter=None if args.meter is None else parse_meter(args.meter),
            repeats=args.repeats,
        ),
        Sampling(
            **parse_temperatures(args.temperature),
            top_p=args.top_p,
            memory=args.memory,
            playable=args.playable,
        ),
    )


def seed_from(args: argparse.Namespace) -> int:
    """The seed asked for, else one by chance.

    Raises:
        InputError: it is negative or too large.
    """
    if args.seed is None:
        return secrets.randbelow(1_000_000)
    seed: int = args.seed
    if not 0 <= seed <= MOST_SEED:
        raise InputError(f"seed {seed}: it must be a whole number from 0 to {MOST_SEED}")
    return seed


def composer_from(args: argparse.Namespace, settings: Settings, seed: int) -> Composer:
    """A composer over the bundle that was asked for.

    Raises:
        BundleError: the bundle cannot be used.
        InputError: it has no such variant, or no form that goes stepwise.
        AcceleratorError: it is for an Edge TPU, and there is none.
    """
    bundle, predictor = load_tried(
        args.bundle, args.variant, fallback=args.fallback, stepwise=args.stepwise
    )
    return Composer(predictor, bundle.manifest.range, np.random.default_rng(seed), lambda: settings)
