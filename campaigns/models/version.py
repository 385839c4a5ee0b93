"""The words of a campaign as they were published, each time they changed."""

from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign


class TextVersionQuerySet(models.QuerySet["TextVersion"]):
    def of(self, campaign: Campaign, language: str) -> Self:
        return self.filter(campaign=campaign, language=language).order_by("version")


class TextVersion(models.Model):
    """One version of a campaign's words in one language. Rows are added; the database keeps them as they are."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="text_versions", verbose_name=_("campaign"))
    language = models.CharField(_("language"), max_length=12)
    version = models.PositiveIntegerField(_("version"))
    words = models.JSONField(_("words"))
    sha256 = models.CharField("SHA-256", max_length=64)
    published_at = models.DateTimeField(_("published at"), default=timezone.now)
    # A name, not an account: the account may go, and the row does not change.
    published_by = models.CharField(_("published by"), max_length=150, blank=True)

    objects = TextVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of words")
        verbose_name_plural = _("versions of words")
        ordering = ["-published_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "language", "version"], name="one_text_version_per_campaign_language_and_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} {self.language} {self.version}"
