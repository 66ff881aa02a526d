"""``python -m cdp_assets.cli``: the same as ``cdp``."""

import sys

from cdp_assets.cli import main

if __name__ == "__main__":
    sys.exit(main())
