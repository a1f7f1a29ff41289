"""``python train/train.py --midi DIR``: train a network; see ``--help``."""

from playbach_train.cli import main

if __name__ == "__main__":  # processes of ours import this under another name
    raise SystemExit(main())
