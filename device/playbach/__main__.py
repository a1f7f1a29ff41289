"""``python -m playbach`` is ``playbach``."""

from playbach.cli import main

raise SystemExit(main())
