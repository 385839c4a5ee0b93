"""What has happened since a petition was written."""

from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns import markdown
from campaigns.models.campaign import Campaign
from campaigns.models.text import languages


class UpdateQuerySet(models.QuerySet["Update"]):
    def published(self, campaign: Campaign, language: str) -> Self:
        return self.filter(campaign=campaign, language=language, published_at__lte=timezone.now())


class Update(markdown.Rendered):
    """What has happened since the petition was written: dated, with its source, beside words that stay as they are."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="updates", verbose_name=_("campaign"))
    language = models.CharField(_("language"), max_length=12, choices=languages)
    published_at = models.DateTimeField(
        _("published at"),
        null=True,
        blank=True,
        default=timezone.now,
        help_text=_("Empty: a draft. A moment to come: it appears by itself. Time in Lima."),
    )
    title = models.CharField(_("title"), max_length=150)
    body = models.TextField(_("text"), help_text=_("Markdown: **bold**, *italic*, [words](https://…), lists."))
    source = models.CharField(_("source"), max_length=300, help_text=_("Who says so, and where it can be read."))
    reviewer = models.CharField(_("reviewer"), max_length=100)

    RENDERED = ("body",)

    objects = UpdateQuerySet.as_manager()

    class Meta:
        verbose_name = _("update")
        verbose_name_plural = _("updates")
        ordering = ["-published_at"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_published(self) -> bool:
        return self.published_at is not None and self.published_at <= timezone.now()
