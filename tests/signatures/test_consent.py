"""What signers agreed to: texts that nobody can change, and a log that only grows."""

import hashlib

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet

from campaigns.models import Campaign, ConsentText
from campaigns.services import publish_consent
from signatures import services
from signatures.models import ConsentEvent, Signature
from tests.helpers import consent_of, make_campaign, make_signature

Line = services.Line


@pytest.fixture
def campaign(db: None) -> Campaign:
    return make_campaign()


def log_of(signature: Signature) -> list[tuple[str, str, int]]:
    events = signature.consent_events.order_by("pk")
    return list(events.values_list("kind", "visibility", "consent__version"))


def reword(campaign: Campaign, words: str) -> ConsentText:
    campaign.texts.filter(language="en").update(consent_text=words)
    publish_consent(campaign=campaign)
    return consent_of(campaign)


# The texts


@pytest.mark.parametrize("field", [*ConsentText.WORDS, "version", "sha256"])
def test_no_consent_text_can_be_changed_not_even_by_sql(campaign: Campaign, field: str) -> None:
    value = "2" if field == "version" else "another"
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE campaigns_consenttext SET {field} = %s", [value])

    assert consent_of(campaign).text == "I agree that Example Organisation counts my signature."


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_text_carries_the_hash_of_all_its_words(campaign: Campaign, language: str) -> None:
    consent = consent_of(campaign, language)
    words = [consent.text, consent.secret, consent.delivered, consent.public, consent.news]

    assert all(words)
    assert consent.sha256 == hashlib.sha256("\0".join(words).encode()).hexdigest()


def test_new_words_are_a_new_version_and_the_same_words_are_none(campaign: Campaign) -> None:
    first = consent_of(campaign)
    publish_consent(campaign=campaign)
    assert consent_of(campaign) == first

    second = reword(campaign, "A new text.")

    assert (first.version, second.version) == (1, 2)
    assert first.sha256 != second.sha256
    assert consent_of(campaign, "es").version == 1


# The log


def test_every_act_is_logged_with_what_was_chosen_and_the_version_it_was_read_in(campaign: Campaign) -> None:
    signature = make_signature(campaign, name="Ana Example", is_confirmed=True)
    second = reword(campaign, "A new text.")
    services.change(signature_id=signature.pk, line=Line("Ana Example", "BO", "delivered"))
    services.change(signature_id=signature.pk, line=Line("Ana Example", "BO", "public"), consent=second)
    third = reword(campaign, "A newer text.")
    services.set_news(signature_id=signature.pk, is_wanted=True, consent=third)
    services.set_news(signature_id=signature.pk, is_wanted=True, consent=third)
    services.set_news(signature_id=signature.pk, is_wanted=False)
    services.change(signature_id=signature.pk, line=Line("", "BO", "secret"))
    services.withdraw(signature_id=signature.pk)

    assert log_of(signature) == [
        ("ticked", "delivered", 1),
        ("confirmed", "delivered", 1),
        ("disclosure", "public", 2),
        ("news_on", "public", 3),
        ("news_off", "public", 3),
        ("disclosure", "secret", 3),
        ("withdrawn", "secret", 3),
    ]


def test_what_was_not_done_is_not_logged(campaign: Campaign) -> None:
    signature = make_signature(campaign, is_confirmed=True)
    before = log_of(signature)

    services.confirm(signature_id=signature.pk)
    services.set_news(signature_id=signature.pk, is_wanted=False)
    services.set_news(signature_id=signature.pk, is_wanted=True)  # without a text that says so
    services.change(signature_id=signature.pk, line=Line("Ana Example", "PE", "public"))  # likewise
    services.change(signature_id=signature.pk, line=Line("", "PE", "delivered"))

    assert log_of(signature) == before


def test_an_event_cannot_be_changed_not_even_by_sql(campaign: Campaign) -> None:
    signature = make_signature(campaign, is_confirmed=True)
    before = log_of(signature)

    for statement in (
        "UPDATE signatures_consentevent SET kind = 'news_on'",
        "UPDATE signatures_consentevent SET at = now()",
    ):
        with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
            connection.cursor().execute(statement)

    assert log_of(signature) == before


@pytest.mark.django_db(transaction=True)
class TestDeleting:
    """The database looks when the transaction ends: these tests commit."""

    def events(self, signature: Signature) -> QuerySet[ConsentEvent]:
        return ConsentEvent.objects.filter(signature=signature)

    @pytest.mark.parametrize("state", ["confirmed", "withdrawn"])
    def test_the_log_of_somebody_who_is_not_erased_cannot_be_deleted(self, state: str) -> None:
        signature = make_signature(make_campaign(), is_confirmed=True)
        if state == "withdrawn":
            services.withdraw(signature_id=signature.pk)
        before = log_of(signature)

        with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
            self.events(signature).delete()
        with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
            self.events(signature).filter(kind="ticked").delete()

        assert log_of(signature) == before

    def test_it_goes_with_the_person_who_is_erased(self) -> None:
        campaign = make_campaign()
        erased, stays = (make_signature(campaign, is_confirmed=True) for _ in range(2))

        services.erase(signature_id=erased.pk)

        assert not self.events(erased).exists()
        assert self.events(stays).count() == 2

    @pytest.mark.parametrize("never_again", [True, False])
    def test_it_goes_with_an_attempt_that_nobody_has_confirmed(self, never_again: bool) -> None:
        signature = make_signature(make_campaign())
        assert self.events(signature).count() == 1

        services.disown(signature_id=signature.pk, never_again=never_again)

        assert not ConsentEvent.objects.exists()
