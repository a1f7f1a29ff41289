"""``python train/train.py --midi DIR``: train a network; see ``--help``."""

from playbach_train.cli import main

raise SystemExit(main())
