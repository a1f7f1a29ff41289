"""``python -m playbach`` is ``playbach``."""

from playbach.cli import main

if __name__ == "__main__":  # processes of ours import this under another name
    raise SystemExit(main())
