"""`make bench`: every figure beside its yardstick, as a table and as JSON; `make bench ONLY=signing` for one part."""

import os
import sys
from collections.abc import Callable, Iterator

from tests.bench import busy, exports, letters, pages, signing, sizes
from tests.bench.measuring import Figure, report
from tests.bench.site import ROOT, BenchSite, bench_site, temporary_state

PARTS: dict[str, Callable[[BenchSite], Iterator[Figure]]] = {
    "pages": pages.figures,
    "signing": signing.figures,
    "letters": letters.figures,
    "sizes": sizes.figures,
    "exports": exports.figures,
    "busy": busy.figures,
}


def main() -> int:
    wanted = os.environ.get("ONLY", "").split() or list(PARTS)
    if unknown := set(wanted) - set(PARTS):
        print(f"There is no part {', '.join(sorted(unknown))}; there are: {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    with temporary_state("bench") as state, bench_site(state) as site:
        figures = report((figure for part in wanted for figure in PARTS[part](site)), ROOT / ".local" / "bench.json")
    return 0 if all(figure.is_reached for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
