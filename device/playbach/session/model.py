"""A model that was loaded, and the endless stream that it composes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from playbach.bundle import Manifest, PitchRange
from playbach.composer import composer
from playbach.composer.composer import Composer
from playbach.composer.sampling import Sampling
from playbach.composer.suites import Wishes, movements
from playbach.music.form import parse_form
from playbach.music.key import parse_key
from playbach.music.meter import parse_meter
from playbach.predictor import AnyPredictor
from playbach.session.settings import Settings
from playbach.session.trial import load_tried
from playbach.stream import Movement, StreamItem


@dataclass(frozen=True)
class Model:
    """A network ready to compose.

    Attributes:
        name: of the training run it came from, and of its network unless the run's name says it.
        predictor: the network.
        pitches: the range it composes in.
    """

    name: str
    predictor: AnyPredictor
    pitches: PitchRange

    @property
    def variant(self) -> str:
        """The numeric form of the network that runs now."""
        return self.predictor.variant


def load_model(settings: Settings) -> Model:
    """The model that the settings name.

    Raises:
        BundleError: the bundle cannot be used, or did harm when it was tried.
        InputError: it has no such variant.
        AcceleratorError: it is for an Edge TPU, there is none, and nothing may take over.
    """
    bundle, predictor = load_tried(settings.bundle, settings.variant, fallback=settings.fallback)
    return Model(_name_of(bundle.manifest), predictor, bundle.manifest.range)


def _name_of(manifest: Manifest) -> str:
    run, network = manifest.provenance.run, manifest.network
    is_said = network.name in {network.kind, *run.split("-")}
    return run if is_said else f"{run} ({network.name})"


def composer_settings(settings: Settings) -> composer.Settings:
    """What of the settings concerns the composer.

    The tempo is not among it: the player keeps that.
    """
    return composer.Settings(
        Wishes(
            form=None if settings.form is None else parse_form(settings.form),
            key=None if settings.key is None else parse_key(settings.key),
            meter=None if settings.meter is None else parse_meter(settings.meter),
            repeats=settings.repeats,
        ),
        Sampling(
            settings.temperature,
            settings.top_p,
            settings.memory,
            shift=settings.shift_temperature,
            pitch=settings.pitch_temperature,
            duration=settings.duration_temperature,
            playable=settings.playable,
        ),
    )


def is_wished(movement: Movement, wishes: Wishes) -> bool:
    """Whether the movement has the form and key that are wished, if any are."""
    return wishes.form in {None, movement.form} and wishes.key in {None, movement.key}


class LiveSource:
    """Suites without end, steered while they are composed.

    It is a ``playbach.player.source.Source``: pulled from one thread. ``use`` may be called from
    any, ``settings`` is called from the one that pulls.
    """

    def __init__(
        self, model: Model, rng: np.random.Generator, settings: Callable[[], composer.Settings]
    ) -> None:
        self._rng = rng
        self._settings = settings
        self._movements = movements(lambda: settings().wishes, rng)
        self._items: Iterator[StreamItem] = iter(())
        self._composer = self._made(model)
        self.current: Movement | None = None
        """The movement that is being composed."""

    def use(self, model: Model) -> None:
        """The next movement is composed by another model."""
        self._composer = self._made(model)

    def __iter__(self) -> Iterator[StreamItem]:
        return self

    def __next__(self) -> StreamItem:
        while True:
            for item in self._items:
                return item
            movement, rest = next(self._movements)
            self.current = movement
            self._items = self._composer.movement(movement, rest)

    def skip(self) -> None:
        """Leave the present movement."""
        self._items = iter(())

    def _made(self, model: Model) -> Composer:
        return Composer(
            model.predictor, model.pitches, self._rng, self._settings, tells_recalls=True
        )
