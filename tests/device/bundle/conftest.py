"""A tiny bundle: its graphs are TFLite by name only, which is all that reading one looks at."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

from playbach.archive import pack, unpack
from playbach.bundle import (
    Manifest,
    Network,
    Part,
    PitchRange,
    Provenance,
    Quantisation,
    TensorSpec,
)
from playbach.bundle.reader import Array, build_bundle
from playbach.music.encoding import DEFAULT_ENCODING

Edit: TypeAlias = Callable[[dict[str, Any]], object]
Entries: TypeAlias = dict[str, bytes]


@pytest.fixture(scope="session")
def manifest() -> Manifest:
    state = TensorSpec("state", "float32", (1, 8))
    packed = TensorSpec("state", "int8", (1, 8), Quantisation(0.0625, -3))
    return Manifest(
        network=Network("tiny", {"units": 8, "clip": 8.0, "cell": "lstm"}),
        encoding=DEFAULT_ENCODING,
        range=PitchRange(36, 81),
        default_variant="float32",
        parts=(
            Part("float32/step.tflite", "float32", "step", (state,), (state,)),
            Part("float32/pitch.tflite", "float32", "pitch", (state,), (state,)),
            Part("int8/step.tflite", "int8", "step", (packed,), (packed,)),
        ),
        provenance=Provenance(
            corpora=("cello-suites",),
            licences=("public domain",),
            run="tiny",
            command="none: the parts are random",
            scores={"bits_per_note": 2.75},
            tools={"playbach": "0.1.0"},
            notes={"composers": ["Johann Sebastian Bach"], "seed": 1685},
        ),
    )


@pytest.fixture(scope="session")
def parts(manifest: Manifest) -> Entries:
    noise = random.Random(1685)
    return {part.name: b"\x1c\0\0\0TFL3" + noise.randbytes(64) for part in manifest.parts}


@pytest.fixture(scope="session")
def tables() -> dict[str, Array]:
    noise = np.random.default_rng(1685)
    return {
        "tables/note.f32": noise.standard_normal((5, 3)).astype(np.float32),
        "tables/form.i8": noise.integers(-128, 128, (2, 4)).astype(np.int8),
    }


@pytest.fixture(scope="session")
def archive(manifest: Manifest, parts: Entries, tables: dict[str, Array]) -> bytes:
    """The bytes of a valid bundle."""
    return build_bundle(Path("tiny.bundle"), manifest, parts, tables)[1]


@pytest.fixture
def file_of(tmp_path: Path) -> Callable[[bytes], Path]:
    """Puts bytes into a file named ``some.bundle``."""

    def write(content: bytes) -> Path:
        path = tmp_path / "some.bundle"
        path.write_bytes(content)
        return path

    return write


@pytest.fixture(scope="session")
def edited(archive: bytes) -> Callable[[Edit], bytes]:
    """The valid bundle with its manifest changed by a function, and packed again."""

    def edit(change: Edit) -> bytes:
        entries = unpack(archive)
        said = json.loads(entries["manifest.json"])
        change(said)
        return pack({**entries, "manifest.json": json.dumps(said).encode()})

    return edit


@pytest.fixture(scope="session")
def with_entries(archive: bytes) -> Callable[[Entries], bytes]:
    """The valid bundle with entries added or replaced; empty bytes take one out."""

    def change(entries: Entries) -> bytes:
        return pack({n: c for n, c in {**unpack(archive), **entries}.items() if c})

    return change
