"""A page of each form, as it is engraved: unselected movements, with their repeats."""

from __future__ import annotations

import io
from dataclasses import replace

from bench.figures.engraved import pixels, small_png
from bench.figures.picture import Measured, Picture, Sources
from bench.figures.sample import placed_of, row_of
from bench.report import composer_of
from PIL import Image

from playbach.bundle import read_bundle
from playbach.cli.save import compose
from playbach.composer.composer import ComposerSettings
from playbach.composer.settings import Wishes
from playbach.music.form import parse_form
from playbach.music.note import Ticks
from playbach.save.engraving import pages

SEED = 27
"""Of ``composer_of``."""
_FORMS = ("prelude", "allemande", "courante", "sarabande", "menuet", "bourree", "gavotte", "gigue")
_PIXELS = 480
"""Width of a page."""
_COLUMNS = 4
_SHOWN = 0.85
"""Of the height of a page: most end there."""


def _measure(sources: Sources) -> Measured:
    bundle = read_bundle(sources.bundle)
    rows = []
    for name in _FORMS:
        settings = ComposerSettings(Wishes(form=parse_form(name), repeats=True))
        composer = composer_of(bundle, settings=settings, seed=SEED)
        (placed,) = compose(composer, repeats=True)
        row = row_of(placed, placed.length)
        rows.append(row | {"double_bar": placed.double_bar if placed.repeated else 0})
    return {"seed": SEED, "movements": rows}


def _draw(figures: Measured) -> bytes:
    drawn = []
    for row in figures["movements"]:
        double_bar = Ticks(row["double_bar"])
        placed = replace(placed_of(row), double_bar=double_bar, repeated=double_bar > 0)
        page = next(iter(pages([placed])))
        drawn.append(Image.open(io.BytesIO(pixels(page, _PIXELS))).convert("L"))
    width, height = drawn[0].width, round(drawn[0].height * _SHOWN)
    rows = -(-len(drawn) // _COLUMNS)
    whole = Image.new("L", (_COLUMNS * width, rows * height), 255)
    for index, image in enumerate(drawn):
        row, column = divmod(index, _COLUMNS)
        whole.paste(image.crop((0, 0, width, height)), (column * width, row * height))
    return small_png(whole)


ENGRAVINGS = Picture("engravings.png", ("bundle",), _measure, _draw)
