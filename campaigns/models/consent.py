"""The texts that signers agree to, each kept in every version."""

import hashlib

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign


class ConsentTextQuerySet(models.QuerySet["ConsentText"]):
    def current(self, campaign: Campaign, language: str) -> "ConsentText | None":
        return self.filter(campaign=campaign, language=language).order_by("-version").first()


class ConsentText(models.Model):
    """One version of what signers agree to. Rows are added, never changed: signatures point to them."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="consent_texts", verbose_name=_("campaign"))
    language = models.CharField(_("language"), max_length=12)
    version = models.PositiveIntegerField(_("version"))
    text = models.TextField(_("text"))
    sha256 = models.CharField("SHA-256", max_length=64)
    created_at = models.DateTimeField(_("made at"), default=timezone.now)

    objects = ConsentTextQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "language", "version"], name="one_consent_text_per_campaign_language_and_version"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} {self.language} {self.version}"

    @staticmethod
    def digest(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()
