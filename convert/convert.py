"""``python convert/convert.py RUN -o NAME.bundle``: convert a trained run; see ``--help``."""

from playbach_convert.cli import main

raise SystemExit(main())
