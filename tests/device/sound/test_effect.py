"""The effect that is included: its state is carried on, it allocates nothing, and it gives way."""

from __future__ import annotations

import hashlib
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from playbach.archive import MANIFEST, described, pack
from playbach.errors import BundleError
from playbach.sound import effect
from playbach.sound.effect import (
    GRAPH,
    KIND,
    NeuralEffect,
    effect_path,
    read_effect,
)
from playbach.sound.synth import BLOCK, Block

PEDAL = effect_path("pedal")


def block_of(samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> Block:
    block = Block()
    block.left[:] = block.right[:] = type(block.left)("f", samples.tobytes())
    return block


def music(blocks: int) -> list[np.ndarray[tuple[int], np.dtype[np.float32]]]:
    times = np.arange(blocks * BLOCK) / 48_000
    samples = (0.3 * np.sin(2 * np.pi * 220 * times)).astype(np.float32)
    return list(samples.reshape(-1, BLOCK))


def through(neural: NeuralEffect, blocks: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    outs = []
    for samples in music(blocks):
        block = block_of(samples)
        neural.process(block)
        assert block.left == block.right
        outs.append(np.array(block.left, np.float32))
    return np.concatenate(outs)


def test_its_state_goes_on_from_block_to_block_and_begins_settled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(effect, "_SLOW", 1e9)
    neural = NeuralEffect(read_effect(PEDAL), 48_000)
    first = through(neural, 40)
    assert np.abs(first[:4]).max() < 0.2
    # No jump where one block meets the next.
    steps = np.abs(np.diff(first))
    at_borders = steps[BLOCK - 1 :: BLOCK]
    assert at_borders.max() <= steps.max()
    assert np.array_equal(first, through(NeuralEffect(read_effect(PEDAL), 48_000), 40))
    assert not np.allclose(first, through(neural, 40), atol=1e-6)


def test_it_allocates_no_buffer_for_a_block() -> None:
    neural = NeuralEffect(read_effect(PEDAL), 48_000)
    neural.is_live = False
    blocks = [block_of(samples) for samples in music(220)]
    for block in blocks[:20]:
        neural.process(block)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    for block in blocks[20:]:
        neural.process(block)
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # A buffer of samples for each block would be 100 kB; views of arrays are small, and go again.
    assert after - before < 16 * 512
    assert peak - before < 32 * 512


def test_one_that_is_too_slow_gives_way_to_the_dry_sound_without_a_click(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(effect, "_SLOW", 0.0)
    neural = NeuralEffect(read_effect(PEDAL), 48_000)
    heard, dry = through(neural, 40), np.concatenate(music(40))
    assert "too slow" in neural.description
    faded = effect._FADE * BLOCK
    assert np.array_equal(heard[faded:], dry[faded:])
    assert not np.allclose(heard[:faded], dry[:faded], atol=0.01)
    assert np.abs(np.diff(heard))[faded - BLOCK :].max() < 2 * np.abs(np.diff(dry)).max()


def test_one_that_was_left_out_comes_back_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effect, "_REST", 0.1)
    monkeypatch.setattr(effect, "_SLOW", 1e9)
    neural = NeuralEffect(read_effect(PEDAL), 48_000)
    neural.problem = "this machine is too slow for it"
    dry, heard = np.concatenate(music(120)), through(neural, 120)
    assert np.array_equal(heard[20 * BLOCK : 40 * BLOCK], dry[20 * BLOCK : 40 * BLOCK])
    assert not neural.problem
    assert not np.allclose(heard[-BLOCK:], dry[-BLOCK:], atol=0.01)
    assert np.abs(np.diff(heard)).max() < 0.1


def test_an_effect_for_another_rate_is_refused() -> None:
    with pytest.raises(BundleError, match="is for 48,000 samples a second, and 44,100 are played"):
        NeuralEffect(read_effect(PEDAL), 44_100)


FILE = read_effect(PEDAL)
HOSTILE = {
    "empty": (b"", "pedal|a.effect"),
    "cut": (PEDAL.read_bytes()[:-30], "truncated"),
    "another graph": (described(FILE.manifest, FILE.graph + b"x", KIND), "is not the one"),
    "no manifest": (pack({GRAPH: FILE.graph}), "it must hold manifest.json"),
    "deep": (pack({MANIFEST: b"[" * 100_000, GRAPH: FILE.graph}), "this holds no effect"),
    "units": (described(replace(FILE.manifest, units=10**9), FILE.graph, KIND), "manifest.units"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_one_line(tmp_path: Path, name: str) -> None:
    content, said = HOSTILE[name]
    path = tmp_path / "a.effect"
    path.write_bytes(content)
    with pytest.raises(BundleError, match=said) as error:
        read_effect(path)
    assert len(error.value.lines) == 1


def test_a_graph_that_is_none_or_has_other_tensors_is_refused() -> None:
    for graph, said in ((b"TFL3" * 100, "not a graph that"), (FILE.graph, "has the tensors")):
        digest = hashlib.sha256(graph).hexdigest()
        manifest = replace(FILE.manifest, sha256=digest, taps=FILE.manifest.taps + 1)
        with pytest.raises(BundleError, match=said):
            NeuralEffect(replace(FILE, manifest=manifest, graph=graph), 48_000)
