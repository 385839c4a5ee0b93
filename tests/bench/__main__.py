"""`make bench`: every figure beside its yardstick, as a table and as JSON; `make bench ONLY=signing` for one part."""

import os
import sys
from collections.abc import Callable, Iterator

from tests.bench import pages, signing
from tests.bench.measuring import Figure, report
from tests.bench.site import ROOT, BenchSite, bench_site, temporary_state

PARTS: dict[str, Callable[[BenchSite], Iterator[Figure]]] = {
    "pages": pages.figures,
    "signing": signing.figures,
}


def main() -> int:
    wanted = os.environ.get("ONLY", "").split() or list(PARTS)
    with temporary_state() as state, bench_site(state) as site:
        figures = report((figure for part in wanted for figure in PARTS[part](site)), ROOT / ".local" / "bench.json")
    return 0 if all(figure.is_reached for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
