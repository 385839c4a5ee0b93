"""Words: drafted by staff, published knowingly, and each version of them kept."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Campaign, CampaignText, TextVersion
from campaigns.services.consent import publish_consent


class EditedMeanwhile(Exception):
    """The words are not those any more that somebody saw when they decided."""


def save_words(*, words: CampaignText) -> None:
    """Makes words live at once, as files are loaded; a translation is noted to be made beside the source of today."""
    source = words.campaign.source_text
    if source is not None and not words.is_source:
        words.source_words = source.words
    make_live(words, by="")


@transaction.atomic
def add_language(*, campaign: Campaign, language: str) -> CampaignText:
    """Words to be written, which no visitor sees before they are published."""
    return CampaignText.objects.create(campaign=campaign, language=language, published_at=None)


@transaction.atomic
def save_draft(*, words: CampaignText, still_fit: Collection[str] = ()) -> CampaignText:
    """Keeps what staff wrote until it is published, and returns it.

    A field that was changed, or that they say still fits, is up to date with the source as it reads now, its own draft
    included: who translates a draft publishes both. Words that change lose their reviewer, typed or not, for a form
    that was open for long still has the name: it is saved once they are.
    """
    live = CampaignText.objects.select_for_update().get(pk=words.pk)
    before = live.with_draft()
    draft: dict[str, Any] = {name: getattr(words, name) for name in differing(live, words, ("alias", *live.WORDS))}
    source = words.campaign.source_text
    if source is not None and not words.is_source:
        said = source.with_draft().words
        beside = {name: at for name, at in live.draft.get("source_words", {}).items() if name in draft}
        for name in {*differing(before, words, live.WORDS), *still_fit}:
            if name in draft:
                beside[name] = said[name]
            elif name in still_fit:
                live.source_words[name] = said[name]
        draft |= {"source_words": beside} if beside else {}
    live.draft = draft
    reviewer = live.with_draft().reviewer if differing(before, words, live.WORDS) else words.reviewer
    # A reviewer of words that are live needs no publishing: no visitor sees the name.
    if not draft:
        live.reviewer = reviewer
    elif reviewer != live.with_draft().reviewer:
        draft["reviewer"] = reviewer
    live.save(update_fields=["draft", "source_words", "reviewer"])
    return live.with_draft()


def differing(one: CampaignText, other: CampaignText, names: Iterable[str]) -> list[str]:
    return [name for name in names if getattr(one, name) != getattr(other, name)]


@transaction.atomic
def discard_draft(*, text_id: int, edition: str) -> None:
    """Raises EditedMeanwhile."""
    live = CampaignText.objects.select_for_update().get(pk=text_id)
    if live.with_draft().edition != edition:
        raise EditedMeanwhile
    live.draft = {}
    live.save(update_fields=["draft"])


@transaction.atomic
def publish_words(*, text_id: int, edition: str, by: str) -> CampaignText:
    """Shows visitors what staff drafted. Raises EditedMeanwhile, and ValidationError where words are missing."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(texts=text_id)
    live = CampaignText.objects.select_for_update().get(pk=text_id)
    words = live.with_draft()
    if words.edition != edition:
        raise EditedMeanwhile
    words.campaign = campaign
    check_words(words=words)
    words.draft = {}
    make_live(words, by=by)
    publish_consent(campaign=campaign)
    return words


def check_words(*, words: CampaignText) -> None:
    """Raises ValidationError, by field, for words that no visitor should see.

    What the checklist asks for before a campaign opens is asked for here once it is out.
    """
    errors: dict[str, Any] = {}
    try:
        words.full_clean()
    except ValidationError as error:
        errors = error.update_error_dict(errors)
    if words.campaign.state != Campaign.State.DRAFT:
        source = None if words.is_source else words.campaign.source_text
        for name in words.missing(source):
            errors.setdefault(name, [_("The source text has words here.")])
        if words.is_awaiting_review:
            errors["reviewer"] = [
                _("Somebody must have read these words.")
                if words.is_source
                else _("Somebody must have read this translation beside the source text.")
            ]
        if not words.is_preview_seen:
            errors[NON_FIELD_ERRORS] = [
                *errors.get(NON_FIELD_ERRORS, []),
                _("Nobody has looked at the preview of these words. Look at it, then load this page again."),
            ]
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def make_live(words: CampaignText, *, by: str) -> None:
    """Saves words for visitors to see, and a version of them; the page says so where people may have signed others."""
    now = timezone.now()
    before = CampaignText.objects.published().filter(pk=words.pk).first()
    words.published_at = before.published_at if before else now
    if is_change(before, words):
        words.changed_at = now
    words.save()
    versions = TextVersion.objects.of(words.campaign, words.language)
    latest = versions.last()
    if latest is None and before and before.digest != words.digest:
        # Published before versions were kept.
        latest = add_version(before, number=1, at=before.published_at, by="")
    if latest is None or latest.sha256 != words.digest:
        add_version(words, number=latest.version + 1 if latest else 1, at=now, by=by)


def is_change(before: CampaignText | None, words: CampaignText) -> bool:
    """Whether people may have signed other words than these."""
    return bool(before and words.campaign.has_opened and differing(before, words, words.SIGNED))


def add_version(words: CampaignText, *, number: int, at: datetime | None, by: str) -> TextVersion:
    return TextVersion.objects.create(
        campaign=words.campaign,
        language=words.language,
        version=number,
        words=words.words,
        sha256=words.digest,
        published_at=at or timezone.now(),
        published_by=by,
    )


def note_preview(*, text_id: int, by: str) -> None:
    """Somebody has looked at the page with the words as they have last been saved."""
    text = CampaignText.objects.get(pk=text_id)
    CampaignText.objects.filter(pk=text_id).update(
        previewed_digest=text.with_draft().digest, previewed_at=timezone.now(), previewed_by=by
    )
