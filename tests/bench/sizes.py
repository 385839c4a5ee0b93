"""Whether anything grows slower with what is stored: the same on two databases of one server, of which one holds ten
thousand signatures and the other a million, or as many as SIGNATURES says."""

import os
from collections.abc import Iterator

from petition_site.local.servers import free_port
from tests.bench.measuring import Figure, in_turn
from tests.bench.pages import load
from tests.bench.signing import Signing
from tests.bench.site import PAGE, BenchSite
from tests.browser.site import SLUG

SMALL = 10_000
LARGE = int(os.environ.get("SIGNATURES") or 1_000_000)
INTO_IT = "--into-a-real-site"
COUNT = f"/api/v1/campaigns/{SLUG}/"


def figures(site: BenchSite) -> Iterator[Figure]:
    sites = {name: holding(site, name, n) for name, n in (("small", SMALL), ("large", LARGE))}
    ports = {}
    for name, each in sites.items():
        ports[name] = free_port()
        each.serve(name, "petition_site.wsgi", ports[name])
    signing = {name: Signing(each, ports[name]) for name, each in sites.items()}
    for each in signing.values():
        each.rate(200)
        each.waits.clear()
    beside = f"the same at {SMALL:,}"
    rounds = in_turn(signing["large"].rate, signing["small"].rate)
    yield Figure(f"signing at {LARGE:,} stored", beside, 0.9, rounds, signing["large"].waits)
    for what, path, reach in (("page", PAGE, 0.95), ("count, by the API", COUNT, 0.95)):
        rounds = in_turn(lambda path=path: load(ports["large"], path), lambda path=path: load(ports["small"], path))
        yield Figure(f"{what} at {LARGE:,} stored", beside, reach, rounds)
    site.stop_serving(*sites)


def holding(site: BenchSite, name: str, n: int) -> BenchSite:
    """The site on a database of so many signatures, made from the empty one unless it is there from before."""
    other, is_new = site.with_own(f"{name}_{n}")
    if is_new:
        site.children.wait_for(other.begin("generating", "manage.py", "generate_signatures", SLUG, str(n), INTO_IT))
        other.ask("VACUUM ANALYZE")
    return other
