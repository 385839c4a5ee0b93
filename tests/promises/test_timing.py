"""How long the site takes to answer, by what became of the address that was typed: for people to read, not to pass."""

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles

import pytest

from signatures import tokens
from tests.browser.site import SLUG, Site, running_site
from tests.promises.visitor import Visitor

pytestmark = [pytest.mark.bench, pytest.mark.xdist_group("pages")]

# Each address is used once for each thing, or its letters of the day would run out.
N = 200
PASTS = ("unknown", "known", "blocked", "withdrawn")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site"), LIMIT_PAGE_LINK="1000000/h") as site:
        yield site


def address(past: str, number: int) -> str:
    return f"{past}.{number:04}@example.org"


def sign(site: Site, consent: str, email: str) -> int:
    """Answers with the status."""
    form = {"name": "Ana Example", "email": email, "country": "PE", "visibility": "delivered", "consent": "on"}
    return Visitor(site.url).post(f"/en/{SLUG}/sign/", consent_id=consent, **form).status


def ask(site: Site, email: str) -> int:
    return Visitor(site.url).post(f"/en/{SLUG}/signature/", email=email).status


def consent_of(site: Site) -> str:
    found = re.search(r'name="consent_id" value="(\d+)"', Visitor(site.url).get(f"/en/{SLUG}/").text)
    assert found
    return found[1]


def prepare(site: Site, consent: str, past: str, number: int) -> None:
    """Brings an address where it should be, as its owner would, by the links of letters."""
    email = address(past, number)
    assert sign(site, consent, email) == 303
    [(pk,)] = site.ask("SELECT id FROM signatures_signature WHERE email = %s", email)
    visitor = Visitor(site.url)
    if past == "blocked":
        assert visitor.post(f"/en/not-me/{tokens.NOT_ME.make(pk)}/", never_again="on").status == 200
        return
    assert visitor.post(f"/en/confirm/{tokens.CONFIRM.make(pk)}/").status == 303
    if past == "withdrawn":
        assert visitor.post(f"/en/signature/{tokens.PageKey(pk, 0).make()}/withdraw/").status == 303


def test_times_of_answers_by_what_is_known_of_the_address(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    consent = consent_of(site)
    with ThreadPoolExecutor(8) as crowd:
        done = [crowd.submit(prepare, site, consent, past, number) for past in PASTS[1:] for number in range(N)]
        for one in done:
            one.result()
    deeds: dict[str, Callable[[str], int]] = {
        "ask for one's page": lambda email: ask(site, email),
        "sign": lambda email: sign(site, consent, email),
    }
    taken: dict[tuple[str, str], list[float]] = defaultdict(list)  # milliseconds
    for deed, act in deeds.items():
        for number in range(N):
            # In another order each time, so that what the machine does besides falls on all alike.
            for past in PASTS[number % len(PASTS) :] + PASTS[: number % len(PASTS)]:
                begun = time.perf_counter()
                status = act(address(past, number))
                taken[deed, past].append(1000 * (time.perf_counter() - begun))
                assert status == 303

    with capsys.disabled():
        print(f"\n{'milliseconds':20} {'address':10} {'p50':>7} {'p95':>7} {'p99':>7}  of {N}")
        for (deed, past), times in taken.items():
            cuts = quantiles(times, n=100, method="inclusive")
            print(f"{deed:20} {past:10} {cuts[49]:7.2f} {cuts[94]:7.2f} {cuts[98]:7.2f}")
