"""The models there are, one that was loaded, and what of the settings its composer keeps to."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, fields
from pathlib import Path

from playbach.bundle import Manifest, PitchRange, default_bundle_path
from playbach.composer import composer
from playbach.composer.settings import Sampling, Wishes
from playbach.errors import InputError
from playbach.music.form import parse_form
from playbach.music.key import parse_key
from playbach.music.meter import parse_meter
from playbach.music.theme import Theme
from playbach.performer.model import PerformerModel, included
from playbach.performer.performer import Manner
from playbach.predictor import AnyPredictor, SymbolPredictor
from playbach.session.settings import Settings
from playbach.session.trial import load_tried
from playbach.stream import Movement


@dataclass(frozen=True)
class Model:
    """A network ready to compose."""

    name: str  # of the training run it came from, and of its network unless the run's name says it
    predictor: AnyPredictor  # the network
    pitches: PitchRange  # the range it composes in
    performer: PerformerModel  # who plays what it composes
    digest: str = ""  # 12 hex digits that tell its graphs and tables from all others

    @property
    def variant(self) -> str:
        """The numeric form of the network that runs now."""
        return self.predictor.variant

    def fitted(self, theme: Theme) -> Theme:
        """A theme as the model can begin with it.

        Raises:
            InputError: none of its notes lies in the model's range, or the model composes in
                another way than note by note.
        """
        if isinstance(self.predictor, SymbolPredictor):
            raise InputError(
                f"theme: the model {self.name} does not compose note by note and cannot go on from "
                "a theme; choose another, such as the one included"
            )
        return theme.fitted(self.pitches.lowest, self.pitches.highest)


def load_model(settings: Settings, *, stepwise: bool = False) -> Model:
    """The model that the settings name.

    Args:
        settings: whose bundle, variant and fallback count.
        stepwise: as of ``load_predictor``.

    Raises:
        BundleError: the bundle cannot be used, or did harm when it was tried.
        InputError: it has no such variant, or no form that goes stepwise.
        AcceleratorError: it is for an Edge TPU, there is none, and nothing may take over.
    """
    bundle, predictor = load_tried(
        settings.bundle, settings.variant, fallback=settings.fallback, stepwise=stepwise
    )
    manifest, performer = bundle.manifest, bundle.performer or included()
    return Model(_name_of(manifest), predictor, manifest.range, performer, _digest_of(manifest))


def _name_of(manifest: Manifest) -> str:
    run, network = manifest.provenance.run, manifest.network
    is_said = network.name in {network.kind, *run.split("-")}
    return run if is_said else f"{run} ({network.name})"


def _digest_of(manifest: Manifest) -> str:
    parts = [f"{part.name} {part.sha256}" for part in manifest.parts]
    tables = [f"{table.name} {table.sha256}" for table in manifest.tables]
    return hashlib.sha256("\n".join(sorted(parts + tables)).encode()).hexdigest()[:12]


def composer_settings(settings: Settings) -> composer.ComposerSettings:
    """What of the settings concerns the composer.

    The tempo is not among it: the player keeps that.
    """
    return composer.ComposerSettings(
        Wishes(
            form=None if settings.form is None else parse_form(settings.form),
            key=None if settings.key is None else parse_key(settings.key),
            meter=None if settings.meter is None else parse_meter(settings.meter),
            repeats=settings.repeats,
        ),
        Sampling(**{field.name: getattr(settings, field.name) for field in fields(Sampling)}),
    )


def manner_of(settings: Settings) -> Manner:
    """What of the settings concerns the performer."""
    return Manner(settings.expression, settings.dynamics, settings.articulation)


def is_wished(movement: Movement, wishes: Wishes) -> bool:
    """Whether the movement has the form and key that are wished, if any are."""
    return wishes.form in {None, movement.form} and wishes.key in {None, movement.key}


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that may be chosen."""

    name: str  # of its file, without the ending
    # the value of the setting ``bundle`` that chooses it; ``None`` for the one included
    bundle: str | None


def list_models(folder: Path | None, chosen: str | None) -> list[ModelChoice]:
    """The model included, those of a folder, and the one that is chosen now.

    Args:
        folder: of bundles; one that is missing or closed to us has none.
        chosen: the setting ``bundle``.
    """
    found = set() if chosen is None else {Path(chosen)}
    with contextlib.suppress(OSError):
        if folder is not None and folder.is_dir():
            found |= set(folder.glob("*.bundle"))
    included = ModelChoice(default_bundle_path().stem, None)
    return [included, *(ModelChoice(path.stem, str(path)) for path in sorted(found))]
