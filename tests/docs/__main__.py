"""Lists what no test of the documents does: commands that are not run, and links to elsewhere.

python -m tests.docs
"""

from __future__ import annotations

import sys

from tests.docs.pages import LANGUAGE, blocks, links, pages


def _unrun() -> list[str]:
    return [
        f"{block.where}: {block.mark.reason}"
        for page in pages()
        for block in blocks(page)
        if block.language == LANGUAGE and block.mark and not block.is_run
    ]


def _elsewhere() -> list[str]:
    found = {(link.target, page) for page in pages() for link in links(page)}
    return [f"{target} ({page})" for target, page in sorted(found) if "://" in target]


def main() -> None:
    """Print both lists."""
    for heading, lines in (("not run", _unrun()), ("links to elsewhere", _elsewhere())):
        sys.stdout.write(f"{heading}: {len(lines)}\n")
        sys.stdout.writelines(f"  {line}\n" for line in lines)


if __name__ == "__main__":
    main()
