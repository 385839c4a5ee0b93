"""Tokens and codes: each opens one thing only, and what we seal says nothing, not even by its length."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations

import pytest
import time_machine
from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from signatures import addresses, tokens

DAY = timedelta(days=1)
MAKERS: dict[str, Callable[[], str]] = {
    "confirm": lambda: tokens.CONFIRM.make(7),
    "not me": lambda: tokens.NOT_ME.make(7),
    "signed here": lambda: tokens.SIGNED_HERE.make(7),
    "confirmed here": lambda: tokens.CONFIRMED_HERE.make(7),
    "handle": lambda: tokens.Handle(7, "a…z@example.org").seal(),
    "new address": lambda: tokens.NewAddress(7, 0, "ana@example.org").seal(),
    "page": lambda: tokens.PageKey(7, 0).make(),
    "unsubscribe": lambda: tokens.make_unsubscribe(bytes(32)),
}
READERS: dict[str, Callable[[str], object]] = {
    "confirm": tokens.CONFIRM.read,
    "not me": tokens.NOT_ME.read,
    "signed here": tokens.SIGNED_HERE.read,
    "confirmed here": tokens.CONFIRMED_HERE.read,
    "handle": tokens.Handle.read,
    "new address": tokens.NewAddress.read,
    "page": tokens.PageKey.read,
    "unsubscribe": tokens.read_unsubscribe,
}
READ = {
    "confirm": 7,
    "not me": 7,
    "signed here": 7,
    "confirmed here": 7,
    "handle": tokens.Handle(7, "a…z@example.org"),
    "new address": tokens.NewAddress(7, 0, "ana@example.org"),
    "page": tokens.PageKey(7, 0),
    "unsubscribe": bytes(32),
}


@pytest.mark.parametrize("purpose", READ)
def test_each_purpose_reads_its_own(purpose: str) -> None:
    assert READERS[purpose](MAKERS[purpose]()) == READ[purpose]


@pytest.mark.parametrize(("made_for", "read_as"), list(permutations(MAKERS, 2)))
def test_each_purpose_refuses_every_others(made_for: str, read_as: str) -> None:
    with pytest.raises(tokens.BadToken):
        READERS[read_as](MAKERS[made_for]())


@pytest.mark.parametrize("purpose", READERS)
@pytest.mark.parametrize("change", ["cut", "longer", "other", "empty", "words", "not ASCII", "NUL"])
def test_each_purpose_refuses_what_is_not_as_it_was_made(purpose: str, change: str) -> None:
    token = MAKERS[purpose]()
    middle = len(token) // 2
    other = "A" if token[middle] != "A" else "B"
    broken = {
        "cut": token[:-5],
        "longer": f"AAAA{token}",
        "other": f"{token[:middle]}{other}{token[middle + 1 :]}",
        "empty": "",
        "words": "not a token: no",
        "not ASCII": "ñandú…",
        "NUL": f"{token[:4]}\0{token[5:]}",
    }[change]

    with pytest.raises(tokens.BadToken):
        READERS[purpose](broken)


@pytest.mark.parametrize("purpose", READERS)
@pytest.mark.parametrize("added", ["A", "7", "-", "_", "=", ".", ":", "!", " ", "\n", "%", "/", "ñ", "\0"])
def test_each_purpose_knows_one_spelling_only(purpose: str, added: str) -> None:
    """A character more, or another one: at the ends, beside each separator, and within each part."""
    token = MAKERS[purpose]()
    separators = [place for place, char in enumerate(token) if char in ":.="]
    for place in {0, 1, len(token) // 3, len(token) // 2, len(token) - 1, len(token), *separators}:
        for changed in (token[:place] + added + token[place:], token[:place] + added + token[place + 1 :]):
            if changed != token:
                with pytest.raises(tokens.BadToken):
                    READERS[purpose](changed)


def test_a_token_made_under_another_key_is_none() -> None:
    made = {purpose: make() for purpose, make in MAKERS.items()}

    with override_settings(SECRET_KEY="of another site, " * 4):
        # The signers took the key when they were made; what is sealed takes it anew each time.
        others = {
            "confirm": tokens.Purpose("confirm", DAY).read,
            "handle": tokens.Handle.read,
            "new address": tokens.NewAddress.read,
        }
        for purpose, read in others.items():
            with pytest.raises(tokens.BadToken):
                read(made[purpose])


@pytest.mark.parametrize(
    ("purpose", "age"),
    [
        ("confirm", 14 * DAY),
        ("not me", 14 * DAY),
        ("signed here", timedelta(hours=2)),
        ("confirmed here", timedelta(minutes=15)),
        ("handle", 14 * DAY),
        ("new address", 3 * DAY),
    ],
)
def test_each_has_its_age(purpose: str, age: timedelta) -> None:
    now = timezone.now().replace(microsecond=0)
    with time_machine.travel(now, tick=False):
        token = MAKERS[purpose]()
    with time_machine.travel(now + age, tick=False):
        assert READERS[purpose](token) == READ[purpose]
    late = pytest.raises((tokens.BadToken, tokens.ExpiredToken))
    with time_machine.travel(now + age + timedelta(seconds=1), tick=False), late:
        READERS[purpose](token)


@pytest.mark.parametrize("purpose", READ)
def test_a_clock_that_is_put_back_ends_none(purpose: str) -> None:
    now = timezone.now()
    with time_machine.travel(now):
        token = MAKERS[purpose]()
    with time_machine.travel(now - timedelta(hours=1)):
        assert READERS[purpose](token) == READ[purpose]


def test_an_expired_link_still_says_whose_it_was() -> None:
    token = tokens.CONFIRM.make(7)

    late = timedelta(seconds=settings.CONFIRMATION_MAX_AGE + 1)
    with time_machine.travel(timezone.now() + late), pytest.raises(tokens.ExpiredToken) as error:
        tokens.CONFIRM.read(token)
    assert error.value.signature_id == 7


def test_unsubscribing_works_however_old_the_letter_is() -> None:
    token = MAKERS["unsubscribe"]()

    with time_machine.travel(timezone.now() + 3650 * DAY):
        assert tokens.read_unsubscribe(token) == bytes(32)


# The handle


def spellings() -> list[str]:
    locals_of = ["a", "ab", "abcd", "a" * 64, "ñ", "李小龍李"]
    domains = ["a.pe", "example.org", f"{'d' * 42}.example", f"{'d' * 63}.{'e' * 63}.{'f' * 50}.example.org"]
    return [f"{local}@{domain}" for local in locals_of for domain in domains]


def test_every_handle_is_as_long_as_another_whatever_the_address_and_the_signature() -> None:
    masked = [addresses.masked(email) for email in spellings()]

    sealed = [tokens.Handle(number, address).seal() for address in masked for number in (1, 10**6, 2**63 - 1)]

    assert len({len(address) for address in masked}) > 5
    assert len({len(token) for token in sealed}) == 1


@pytest.mark.parametrize("email", spellings())
def test_a_handle_gives_back_what_it_was_given(email: str) -> None:
    handle = tokens.Handle(2**40, addresses.masked(email))

    assert tokens.Handle.read(handle.seal()) == handle


def test_a_handle_shows_nothing_and_no_two_are_equal() -> None:
    handle = tokens.Handle(7, "a…z@example.org")

    assert "example" not in handle.seal()
    assert handle.seal() != handle.seal()


# The code


def test_the_code_of_an_attempt_is_always_the_same_six_digits() -> None:
    codes = [tokens.code(number) for number in range(1, 2000)]

    assert codes == [tokens.code(number) for number in range(1, 2000)]
    assert all(len(code) == 6 and code.isascii() and code.isdecimal() for code in codes)
    assert len(set(codes)) > 1900
    assert any(code.startswith("0") for code in codes)


def test_only_its_own_code_fits() -> None:
    assert tokens.is_code(7, tokens.code(7))
    for typed in (tokens.code(8), "", tokens.code(7)[:5], f"{tokens.code(7)}0"):
        assert not tokens.is_code(7, typed)


# The key of the signer's page


def test_a_key_is_fresh_for_an_hour_and_opens_the_page_for_good() -> None:
    now = timezone.now().replace(microsecond=0)
    with time_machine.travel(now, tick=False):
        token = tokens.PageKey(7, 3, is_fresh=True).make()

    for age, is_fresh in ((timedelta(hours=1), True), (timedelta(hours=1, seconds=1), False), (3650 * DAY, False)):
        with time_machine.travel(now + age, tick=False):
            assert tokens.PageKey.read(token) == tokens.PageKey(7, 3, is_fresh)


def test_an_ordinary_key_is_never_fresh() -> None:
    token = tokens.PageKey(7, 3).make()

    assert tokens.PageKey.read(token) == tokens.PageKey(7, 3, is_fresh=False)
    with pytest.raises(tokens.BadToken):
        tokens.PageKey.read(token.replace(".r:", ".f:"))
