"""What signers agreed to, and when: a log that the database only ever lets grow."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import ConsentText
from signatures.models.signature import Signature


class ConsentEvent(models.Model):
    """One act of a signer, with the version of the text it was done under (GDPR, art. 7(1)).

    The database refuses to change a row, and to delete one while its signature is confirmed or withdrawn and its
    person not erased (migration 0005).
    """

    class Kind(models.TextChoices):
        TICKED = "ticked", _("agreed when signing")
        CONFIRMED = "confirmed", _("confirmed by email")
        DISCLOSURE = "disclosure", _("changed who sees the name")
        NEWS_ON = "news_on", _("asked for news")
        NEWS_OFF = "news_off", _("no more news")
        WITHDRAWN = "withdrawn", _("withdrew the signature")

    # Those by which a signer agrees to a text.
    AGREEMENTS = frozenset({Kind.TICKED, Kind.DISCLOSURE, Kind.NEWS_ON})

    signature = models.ForeignKey(Signature, models.CASCADE, related_name="consent_events", verbose_name=_("signature"))
    kind = models.CharField(_("what"), max_length=10, choices=Kind)
    consent = models.ForeignKey(ConsentText, models.PROTECT, db_index=False, related_name="+", verbose_name=_("text"))
    visibility = models.CharField(_("visibility"), max_length=9, choices=Signature.Visibility)
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("consent event")
        verbose_name_plural = _("consent events")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
