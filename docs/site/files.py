"""Links to files that are no pages, such as a report or a licence, lead to copies of them.

Sphinx would put such files into a folder of downloads under other names. Here a copy lies in the
site where the file lies in the repository, so that the link as written leads to it.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import quote

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri

WHOLE_FOLDER = ".html"
"""A file of this kind needs the pictures beside it."""
ALWAYS = ("docs/page-wide-light.png",)
"""Files that the first page shows, which is no Markdown."""


def link_as_written(app: Sphinx, tree: nodes.document) -> None:
    """Turn what Sphinx would offer for download into a plain link, and remember the file."""
    page = app.env.docname
    for node in list(tree.findall(addnodes.download_reference)):
        target = node["reftarget"]
        file, _ = app.env.relfn2path(target, page)
        link = nodes.reference("", "", *node.children)
        link["refuri"] = quote(relative_uri(app.builder.get_target_uri(page), file))
        node.replace_self(link)
        _linked(app).add(file)


def copy_linked(app: Sphinx, failure: Exception | None) -> None:
    """Put each file that is linked to where the links look for it."""
    if failure is None:
        for file in {*_linked(app), *ALWAYS}:
            _copy(Path(app.srcdir) / file, Path(app.outdir) / file)


def _copy(source: Path, target: Path) -> None:
    if source.suffix == WHOLE_FOLDER:
        shutil.copytree(source.parent, target.parent, dirs_exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _linked(app: Sphinx) -> set[str]:
    """Paths below the repository's root; kept with the pages that Sphinx need not read again."""
    if not hasattr(app.env, "playbach_linked"):
        app.env.playbach_linked = set()  # type: ignore[attr-defined]  # as extensions keep things
    linked: set[str] = app.env.playbach_linked  # type: ignore[attr-defined]  # as above
    return linked
