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
    """One version of what signers agree to, as they read it. Rows are added, and the database refuses to change one.

    The sentence to tick and the words of each choice are one text: whoever changes who sees their name, or asks for
    news, agrees to the same version's words for that.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="consent_texts", verbose_name=_("campaign"))
    language = models.CharField(_("language"), max_length=12)
    version = models.PositiveIntegerField(_("version"))
    text = models.TextField(_("text"))
    secret = models.TextField(_("words for: counted only"), default="", db_default="")
    delivered = models.TextField(_("words for: handed over"), default="", db_default="")
    public = models.TextField(_("words for: shown on the page"), default="", db_default="")
    news = models.TextField(_("words for: news"), default="", db_default="")
    sha256 = models.CharField("SHA-256", max_length=64)
    created_at = models.DateTimeField(_("made at"), default=timezone.now)

    objects = ConsentTextQuerySet.as_manager()

    WORDS = ("text", "secret", "delivered", "public", "news")

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

    @property
    def digest(self) -> str:
        """SHA-256 of its words, one after the other with a NUL between them."""
        return hashlib.sha256("\0".join(getattr(self, name) for name in self.WORDS).encode()).hexdigest()
