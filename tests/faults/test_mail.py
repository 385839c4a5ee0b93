"""The mail server is away, refuses, puts off, hangs, or breaks off: people sign meanwhile, and each letter arrives once
it takes letters again."""

from collections import Counter
from collections.abc import Iterator
from time import sleep

import pytest

from petition_site.local.processes import until
from tests.faults.people import People
from tests.faults.site import Breakable, breakable_site

pytestmark = pytest.mark.xdist_group("faults")
MEANWHILE = 4  # seconds
HANGS = 25  # seconds, longer than EMAIL_TIMEOUT


@pytest.fixture(scope="module")
def whole() -> Iterator[Breakable]:
    with breakable_site("mail") as broken:
        yield broken


@pytest.fixture
def broken(whole: Breakable) -> Iterator[Breakable]:
    """Whose mail server takes letters again afterwards."""
    yield whole
    whole.mail.at_greeting, whole.mail.seconds_at_data = "", 0
    whole.mail.breaks_off = whole.mail.loses_replies = 0
    whole.mail.judge = lambda address: ""


def is_paused(broken: Breakable) -> bool:
    return broken.site.ask("SELECT paused_until > now() FROM signatures_outbox") == [(True,)]


def sent_again(broken: Breakable) -> int:
    arrived = Counter(str(letter["Message-ID"]) for letter in broken.mail.arrived)
    return arrived.total() - len(arrived)


@pytest.mark.long
def test_letters_wait_for_a_mail_server_that_lets_nobody_in(broken: Breakable) -> None:
    with People(broken.site) as people:
        sleep(2)
        broken.mail.at_greeting = "554 5.3.2 No service here"
        assert until(lambda: is_paused(broken), 30)
        sleep(MEANWHILE)
        broken.mail.at_greeting = ""

    broken.reckon(people)


@pytest.mark.long
def test_letters_wait_for_a_mail_server_that_is_not_there(broken: Breakable) -> None:
    with People(broken.site) as people:
        sleep(2)
        with broken.mail.away():
            assert until(lambda: is_paused(broken), 30)
            sleep(MEANWHILE)

    broken.reckon(people)


@pytest.mark.long
def test_letters_that_are_put_off_come_again(broken: Breakable) -> None:
    known: set[str] = set()

    def greylist(address: str) -> str:
        if address in known:
            return ""
        known.add(address)
        return "450 4.2.0 Greylisted, come again"

    broken.mail.judge = greylist
    with People(broken.site) as people:
        sleep(MEANWHILE)

    broken.reckon(people)
    assert len(known) >= len(people.served("sign"))


@pytest.mark.long
def test_letters_broken_off_in_the_middle_come_again(broken: Breakable) -> None:
    before = sent_again(broken)
    with People(broken.site) as people:
        sleep(2)
        broken.mail.breaks_off = 3
        assert until(lambda: broken.mail.breaks_off == 0, 30)
        sleep(MEANWHILE)

    broken.reckon(people)
    assert sent_again(broken) == before


@pytest.mark.long
def test_letters_whose_reply_was_lost_go_out_once_more_under_the_same_id(broken: Breakable) -> None:
    before, lost = sent_again(broken), 3
    with People(broken.site) as people:
        sleep(2)
        broken.mail.loses_replies = lost
        assert until(lambda: broken.mail.loses_replies == 0, 30)
        sleep(MEANWHILE)

    broken.reckon(people, interruptions=lost)
    assert sent_again(broken) == before + lost


@pytest.mark.long
def test_a_recipient_who_is_refused_keeps_no_other_letter_back(broken: Breakable) -> None:
    refused: Counter[str] = Counter()

    def refuse(address: str) -> str:
        if not address.startswith("rosa.") or "7" not in address.partition("@")[0]:
            return ""
        refused[address] += 1
        return "550 5.1.1 No such user"

    broken.mail.judge = refuse
    with People(broken.site) as people:
        sleep(MEANWHILE)

    broken.deliver()
    not_sent = "SELECT count(*) FROM signatures_letter WHERE state <> 'sent'"
    [(unsent,)] = broken.site.ask(not_sent)
    broken.reckon(people, refused=unsent)
    assert refused
    # Nobody is asked for twice with the same letter: there is a confirmation, and a receipt.
    assert max(refused.values()) <= 2
    tried = "SELECT count(*) FROM signatures_letter WHERE state = 'failed'"
    assert broken.site.ask(tried) == [(refused.total(),)]


@pytest.mark.long
def test_a_mail_server_that_hangs_holds_nobody_up(broken: Breakable) -> None:
    with People(broken.site, threads=2) as people:  # all that they leave waiting has to leave afterwards
        sleep(2)
        broken.mail.seconds_at_data = 3600
        sleep(HANGS)
        broken.mail.seconds_at_data = 0
        sleep(MEANWHILE)

    assert max(answer.seconds for answer in people.answers) < HANGS / 2
    broken.reckon(people)
    assert broken.site.ask("SELECT count(*) > 0 FROM signatures_letter WHERE attempts > 1") == [(True,)]
