"""How Sphinx builds the documentation: ``make docs``.

The repository's root is the source folder, so that a link in Markdown means the same on a forge, in
a clone and in the site. Reference pages end with what is generated from the code.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from docs.site.additions import added_to  # noqa: E402 only now can it be found
from docs.site.docstrings import show_drawings  # noqa: E402 as above
from docs.site.files import copy_linked, link_as_written  # noqa: E402 as above
from docs.site.home import fill, repository  # noqa: E402 as above

from playbach import __version__  # noqa: E402 as above

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "Play Bach"
author = "the Play Bach contributors"
version = release = __version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "docs/README"
include_patterns = ["*.md", "docs/**.md"]
# Whatever else lies in the root, which may be much, is not even looked into.
exclude_patterns = [
    "docs/site",
    *(path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "docs"),
]
# Headings get the anchors that forges give them.
myst_heading_anchors = 4
myst_enable_extensions = ["deflist"]  # for what is generated: options and keys
highlight_language = "text"
smartquotes = False  # two hyphens are an option, not a dash
nitpicky = False

# `Docstrings` have one pair of back quotes here and there, and mean code.
default_role = "code"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_use_ivar = True
add_module_names = False

html_theme = "furo"
html_title = "Play Bach"
html_favicon = "../../device/playbach/web/static/favicon.svg"
html_static_path = ["static"]
html_css_files = ["site.css"]
templates_path = ["templates"]
html_additional_pages = {"index": "home.html"}
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": False}
html_use_index = False


def add(_app: Sphinx, page: str, source: list[str]) -> None:
    """Put after a page's own text what is generated for it."""
    source[0] += added_to(page, ROOT)
    # Pages say REPOSITORY as long as the project has no address.
    source[0] = source[0].replace("REPOSITORY", repository() or "REPOSITORY")


def setup(app: Sphinx) -> None:
    """Connect what this documentation needs of its own."""
    app.connect("source-read", add)
    app.connect("html-page-context", fill)
    app.connect("autodoc-process-docstring", show_drawings)
    app.connect("doctree-read", link_as_written, priority=1)
    app.connect("build-finished", copy_linked)
