"""The words of a campaign in each language, as visitors see them and as staff have drafted them."""

from copy import copy
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Prefetch, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign
from campaigns.models.words import Words, hashed


def languages() -> list[tuple[str, Any]]:
    """A function, so that another language needs no migration."""
    return list(settings.LANGUAGES)


class CampaignTextQuerySet(models.QuerySet["CampaignText"]):
    def published(self) -> Self:
        """Languages that visitors may see, where the campaign is one that they may see."""
        return self.filter(published_at__isnull=False)

    def in_language(self, language: str) -> Self:
        return self.filter(language=language).with_campaign()

    def with_campaign(self) -> Self:
        """And the campaign's published languages."""
        others = Prefetch("campaign__texts", CampaignText.objects.published())
        return self.select_related("campaign").prefetch_related(others)


class CampaignText(Words):
    """The words of one campaign in one language. They are what people sign: they change only knowingly.

    The columns are what visitors see. What staff have changed and not yet published is in `draft`, and only that: so a
    draft does not take back what a file brings meanwhile.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="texts", verbose_name=_("campaign"))
    language = models.CharField(_("language"), max_length=12, choices=languages)
    alias = models.SlugField(
        _("readable address"),
        max_length=80,
        blank=True,
        help_text=_("A second address in this language, which leads to the first."),
    )
    reviewer = models.CharField(
        _("reviewer"),
        max_length=100,
        blank=True,
        help_text=_(
            "Who has read these words; a translation, beside the source text. When the words change, the name goes:"
            " they have to be read again."
        ),
    )
    source_words = models.JSONField(
        default=dict,
        db_default={},
        editable=False,
        help_text="The source's words, by field, that each field of this translation was last saved beside.",
    )
    loaded = models.JSONField(default=dict, editable=False)
    draft = models.JSONField(
        default=dict,
        db_default={},
        editable=False,
        help_text="What staff have changed and not published: values by field, of `DRAFTED` alone.",
    )
    published_at = models.DateTimeField(
        _("published at"), null=True, editable=False, default=timezone.now, db_default=Now()
    )
    changed_at = models.DateTimeField(
        _("changed at"), null=True, editable=False, help_text="When the words that people sign last changed under them."
    )
    previewed_at = models.DateTimeField(_("preview seen at"), null=True, editable=False)
    previewed_by = models.CharField(_("preview seen by"), max_length=150, editable=False, db_default="", default="")
    previewed_digest = models.CharField(max_length=64, editable=False, db_default="", default="")

    objects = CampaignTextQuerySet.as_manager()

    DRAFTED = ("alias", *Words.WORDS, "reviewer", "source_words")

    class Meta:
        verbose_name = _("words of a campaign")
        verbose_name_plural = _("words of campaigns")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "language"],
                name="one_text_per_campaign_and_language",
                violation_error_message=_("This campaign has words in this language already."),
            ),
            models.UniqueConstraint(
                fields=["language", "alias"],
                condition=~Q(alias=""),
                name="one_alias_per_language",
                violation_error_message=_("Another campaign has this readable address already."),
            ),
        ]
        ordering = ["campaign", "language"]

    def __str__(self) -> str:
        return self.title or f"{self.campaign} {self.language}"

    def get_absolute_url(self) -> str:
        return reverse("campaigns:page", kwargs={"slug": self.campaign.slug})

    def clean(self) -> None:
        """Browsers end lines their own way; one way is kept, or saving unchanged words would change them."""
        for name in self.WORDS:
            setattr(self, name, getattr(self, name).replace("\r\n", "\n").strip())

    @property
    def is_source(self) -> bool:
        return self.language == self.campaign.source_language

    @property
    def is_awaiting_review(self) -> bool:
        return not self.reviewer.strip()

    @property
    def edition(self) -> str:
        """SHA-256 of all that staff edit: two who edit at once do not overwrite each other unknowingly."""
        return hashed([self.alias, *self.words.values(), self.reviewer])

    def with_draft(self) -> "CampaignText":
        """The words as staff have last saved them, in a row of their own that is not for saving.

        Whoever read the words that are live has not read others: a draft of words has the reviewer that is in it.
        """
        drafted = copy(self)
        if self.draft.keys() & {*self.WORDS}:
            drafted.reviewer = ""
        for name in self.draft.keys() & {*self.DRAFTED}:
            setattr(drafted, name, self.draft[name])
        drafted.source_words = self.source_words | self.draft.get("source_words", {})
        return drafted

    def missing(self, source: "CampaignText | None") -> list[str]:
        """Fields without words: those that each text needs, and those that the source has."""
        needed = {field.name for field in self._meta.fields if not field.blank}
        if source is not None:
            needed |= {name for name in self.WORDS if getattr(source, name)}
        return [name for name in self.WORDS if name in needed and not getattr(self, name)]

    def outdated(self, source: "CampaignText | None") -> list[str]:
        """Fields whose source has changed since they were last saved beside it."""
        if source is None or self.is_source:
            return []
        return [
            name
            for name in self.WORDS
            if getattr(self, name) and self.source_words.get(name, "") != getattr(source, name)
        ]

    def is_out_of_date(self, source: "CampaignText | None") -> bool:
        return bool(self.outdated(source))

    @property
    def is_preview_seen(self) -> bool:
        """Whether somebody has looked at the page with just these words."""
        return self.previewed_digest == self.digest
