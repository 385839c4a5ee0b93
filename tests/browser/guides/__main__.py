"""`make screenshots`: the pictures of the guides for staff, where their pages have changed; `ALL=1` takes all anew."""

import os
import sys
import tempfile
from pathlib import Path

from tests.browser.guides.taking import PICTURES, take
from tests.services import running_services


def main() -> int:
    is_all = bool(os.environ.get("ALL"))
    with tempfile.TemporaryDirectory(prefix="petition-screenshots-") as logs, running_services():
        written = take(PICTURES, Path(logs), is_all=is_all)
    print("\n".join(str(path) for path in written) or "Each picture shows what its page says.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
