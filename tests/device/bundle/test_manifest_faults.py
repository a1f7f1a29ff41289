"""Every way in which a manifest can be wrong is one line that names the place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from playbach.bundle import read_bundle
from playbach.errors import BundleError

Said = dict[str, Any]


def put(*keys: str | int, value: object) -> Callable[[Said], None]:
    """An edit: set the member at that place."""

    def edit(said: Said) -> None:
        place: Any = said
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return edit


def drop(*keys: str | int) -> Callable[[Said], None]:
    """An edit: take out the member at that place."""

    def edit(said: Said) -> None:
        place: Any = said
        for key in keys[:-1]:
            place = place[key]
        del place[keys[-1]]

    return edit


def repeat(key: str) -> Callable[[Said], None]:
    """An edit: the list's first member comes again at its end."""
    return lambda said: said[key].append(said[key][0])


NESTED: list[Any] = [[[[[[[[0]]]]]]]]
TENSOR = ("parts", 0, "inputs", 0)
SCALED = ("parts", 2, "inputs", 0, "quantisation")

FAULTS = {
    "a newer format": (
        put("format", value=2),
        "made for a newer Play Bach (format 2; this one reads 1); update playbach",
    ),
    "no format": (drop("format"), 'manifest: it has no "format"'),
    "format zero": (put("format", value=0), "manifest.format 0: it must be 1"),
    "format true": (put("format", value=True), "manifest.format true: it must be 1"),
    "a misspelt key": (
        put("defualt_variant", value="int8"),
        'unknown key "defualt_variant" (did you mean default_variant?)',
    ),
    "a misspelt key below": (
        put("parts", 0, "rol", value="step"),
        'manifest.parts[0]: unknown key "rol" (did you mean role?)',
    ),
    "a missing key below": (drop("range", "highest"), 'manifest.range: it has no "highest"'),
    "a list where an object belongs": (
        put("network", value=[]),
        "manifest.network a list: it must be an object",
    ),
    "an object where a list belongs": (
        put("parts", value={}),
        "manifest.parts an object: it must be a list",
    ),
    "no parts": (put("parts", value=[]), "manifest.parts has 0 members: it must have 1 to"),
    "a text where a number belongs": (
        put("range", "lowest", value="36"),
        'manifest.range.lowest "36": it must be a whole number, 0 to 127',
    ),
    "a fraction where a whole number belongs": (
        put("range", "lowest", value=36.5),
        "lowest 36.5: it",
    ),
    "true where a number belongs": (put("range", "lowest", value=True), "lowest true: it"),
    "a range upside down": (put("range", "lowest", value=90), "lowest is above highest"),
    "a pitch beyond MIDI": (put("range", "highest", value=128), "0 to 127"),
    "shifts out of order": (
        put("encoding", "shifts", value=[0, 6, 6]),
        "manifest.encoding.shifts[2] 6 after 6: the list must ascend",
    ),
    "a negative shift": (put("encoding", "shifts", value=[-1]), "shifts[0] -1"),
    "a note without duration": (put("encoding", "durations", value=[0, 6]), "durations[0] 0"),
    "too many symbols": (
        put("encoding", "shifts", value=list(range(5000))),
        "shifts has 5000 members: it must have 1 to 4096",
    ),
    "an interval beyond MIDI": (put("encoding", "widest", value=128), "widest 128"),
    "a meter of 3/5": (
        put("encoding", "meters", value=["3/5"]),
        'manifest.encoding.meters[0] "3/5": it must be a meter such as 3/4',
    ),
    "a form twice": (
        put("encoding", "forms", value=["gigue", "gigue"]),
        'manifest.encoding.forms[1] "gigue" a second time',
    ),
    "a form with an escape sequence": (
        put("encoding", "forms", value=["\x1b[2J"]),
        r'forms[0] "\u001b[2J": it must be a lower-case name',
    ),
    "an unknown variant": (
        put("parts", 0, "variant", value="flaot32"),
        'variant "flaot32" (did you mean float32?): it must be float32, dynamic',
    ),
    "a default that is not there": (
        put("default_variant", value="edgetpu"),
        'default_variant "edgetpu": it must be one of the parts\' variants: float32, int8',
    ),
    "a graph twice": (
        lambda said: said["parts"].append({**said["parts"][0], "name": "other.tflite"}),
        'the graph "float32/pitch" twice',
    ),
    "a part twice": (repeat("parts"), 'the name "float32/pitch.tflite" twice'),
    "a table twice": (repeat("tables"), 'the name "tables/form.i8" twice'),
    "a path that climbs out": (
        put("parts", 0, "name", value="../../etc/step.tflite"),
        'name "../../etc/step.tflite": it must be a path such as float32/step.tflite',
    ),
    "an absolute path": (put("parts", 0, "name", value="/step.tflite"), "it must be a path such"),
    "a path with a drive": (put("parts", 0, "name", value="c:\\x.tflite"), "it must be a path"),
    "a part that is not in the zip": (
        put("parts", 0, "name", value="float32/rhythm.tflite"),
        "float32/pitch.tflite is not in the manifest",
    ),
    "a table outside its folder": (put("tables", 0, "name", value="form.i8"), "tables/note.f32"),
    "a table named for another type": (
        put("tables", 0, "dtype", value="float32"),
        "tables/form.i8 is float32; it must end in .f32",
    ),
    "a table of another shape": (
        put("tables", 0, "shape", value=[2, 5]),
        "tables/form.i8 has 8 bytes; int8[2, 5] takes 10",
    ),
    "a table without axes": (put("tables", 0, "shape", value=[]), "shape has 0 members"),
    "a table of objects": (put("tables", 0, "dtype", value="object"), "it must be float32, int8"),
    "a tensor of rank 5": (put(*TENSOR, "shape", value=[1] * 5), "it must have 0 to 4"),
    "a tensor with an empty axis": (put(*TENSOR, "shape", value=[1, 0]), "shape[1] 0"),
    "a tensor too large": (
        put(*TENSOR, "shape", value=[1 << 26, 2]),
        "tensor state has the shape [67108864, 2]; at most 67108864 elements",
    ),
    "a tensor of strings": (put(*TENSOR, "dtype", value="string"), "must be float32"),
    "a tensor twice": (
        lambda said: said["parts"][0]["inputs"].append(said["parts"][0]["inputs"][0]),
        'float32/pitch.tflite inputs: name "state" twice',
    ),
    "a scale of zero": (put(*SCALED, "scale", value=0), "scale 0: it must be above 0"),
    "a scale below zero": (put(*SCALED, "scale", value=-1.5), "it must be above 0"),
    "a scale without zero point": (drop(*SCALED, "zero_point"), 'has no "zero_point"'),
    "a hash in capitals": (
        put("parts", 0, "sha256", value="A" * 64),
        "it must be 64 lower-case hex digits",
    ),
    "a hash of other bytes": (
        put("parts", 0, "sha256", value="0" * 64),
        "float32/pitch.tflite was altered (its SHA-256 is not the manifest's)",
    ),
    "a size that lies": (
        put("parts", 0, "size", value=71),
        "float32/pitch.tflite has 72 bytes; the manifest says 71",
    ),
    "a size beyond all limits": (put("parts", 0, "size", value=1 << 40), "size 1099511627776"),
    "sizes too large together": (
        lambda said: [part.update(size=1 << 25) for part in said["parts"]],
        "67108864 are allowed",
    ),
    "a score that is text": (
        put("provenance", "scores", "bits_per_note", value="good"),
        'manifest.provenance.scores["bits_per_note"] "good": it must be a finite number',
    ),
    "a score beyond all numbers": (
        put("provenance", "scores", "bits_per_note", value=10**400),
        "it must be a finite number",
    ),
    "a command of two lines": (
        put("provenance", "command", value="python\nrm"),
        "it must be one line of at most 1,000 printable characters",
    ),
    "half a character": (put("provenance", "run", value="\ud800"), "printable characters"),
    "a text too long": (put("provenance", "run", value="x" * 1001), "at most 1,000"),
    "notes nested too deeply": (put("provenance", "notes", "x", value=NESTED), "at most 6 levels"),
    "too many notes": (
        put("provenance", "notes", "x", value=list(range(1001))),
        "has 1001 members: it must have 0 to 1000",
    ),
    "a hyperparameter that is a list": (
        put("network", "parameters", "units", value=[8]),
        'manifest.network.parameters["units"] a list: it must be a whole number',
    ),
    "too many hyperparameters": (
        put("network", "parameters", value={f"p{i}": i for i in range(65)}),
        "manifest.network.parameters has 65 members: it must have at most 64",
    ),
    "an unnamed kind of network": (put("network", "kind", value=""), 'network.kind ""'),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_manifest_is_refused_for(
    fault: str,
    edited: Callable[[Callable[[Said], object]], bytes],
    file_of: Callable[[bytes], Path],
) -> None:
    edit, expected = FAULTS[fault]
    path = file_of(edited(edit))
    with pytest.raises(BundleError) as refusal:
        read_bundle(path)
    message = str(refusal.value)
    assert expected in message
    assert message.startswith(f"{path}: ")
    assert message.isprintable()
    assert len(message) < len(str(path)) + 400


def test_all_that_is_wrong_is_said_at_once(
    edited: Callable[[Callable[[Said], object]], bytes], file_of: Callable[[bytes], Path]
) -> None:
    def edit(said: Said) -> None:
        said["range"] = {"lowest": -1}
        said["default_variant"] = "flaot32"

    path = file_of(edited(edit))
    with pytest.raises(BundleError) as refusal:
        read_bundle(path)
    lowest, highest, variant = refusal.value.lines
    assert lowest.startswith(f"{path}: manifest.range.lowest -1: it must be a whole number, 0 to")
    assert 'manifest.range: it has no "highest"' in highest
    assert "did you mean float32?" in variant


JSON_FAULTS = {
    "nothing": (b" ", "manifest.json is not JSON"),
    "not JSON": (b"{'format': 1}", "manifest.json is not JSON"),
    "not UTF-8": (b'{"format": "\xff"}', "manifest.json is not JSON"),
    "a list": (b"[]", "manifest.json a list: it must be an object"),
    "a key twice": (b'{"format": 1, "format": 1}', 'the key "format" twice in one object'),
    "NaN": (b'{"format": NaN}', 'the number "NaN"; numbers must be finite'),
    "infinity": (b'{"format": -Infinity}', 'the number "-Infinity"; numbers must be finite'),
    "a hidden infinity": (b'{"format": 1e999}', 'the number "1e999"; numbers must be finite'),
    "an endless number": (b'{"format": %s}' % (b"9" * 200_000), "manifest.json is not JSON"),
    "a bottomless list": (b"[" * 200_000, "manifest.json is not JSON"),
    "a format that is a deep list": (
        b'{"format": %s%s}' % (b"[" * 900, b"]" * 900),
        'manifest: it has no "network"',
    ),
    "20,000 keys, one of them twice": (
        b'{"a": 0%s}' % b"".join(b', "%x": 0' % i for i in range(20_000)),
        'the key "a" twice',
    ),
    "too many bytes": (b" " * 300_000, "300000 bytes; at most 262144 are allowed"),
}


@pytest.mark.parametrize("fault", JSON_FAULTS)
def test_the_json_of_a_manifest_is_refused_for(
    fault: str,
    with_entries: Callable[[dict[str, bytes]], bytes],
    file_of: Callable[[bytes], Path],
) -> None:
    raw, expected = JSON_FAULTS[fault]
    with pytest.raises(BundleError) as refusal:
        read_bundle(file_of(with_entries({"manifest.json": raw})))
    assert expected in str(refusal.value)
    assert str(refusal.value).isprintable()
