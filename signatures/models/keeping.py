"""What the system did by itself: with what it keeps, and when staff are to look; and which key it was filled under."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from signatures.models.signature import Signature


class RetentionRun(models.Model):
    """What retention deleted and erased on one day, counted in the transactions that did it."""

    day = models.DateField(_("day"), primary_key=True)
    last_run_at = models.DateTimeField(_("last run"))
    pending_deleted = models.PositiveIntegerField(_("unconfirmed signatures deleted"), default=0)
    people_erased = models.PositiveIntegerField(_("people erased after a campaign’s end"), default=0)
    origins_deleted = models.PositiveIntegerField(_("network hashes deleted"), default=0)
    salts_destroyed = models.PositiveIntegerField(_("salts destroyed"), default=0)
    suppressions_deleted = models.PositiveIntegerField(_("refusals forgotten"), default=0, db_default=0)
    letters_deleted = models.PositiveIntegerField(_("letters deleted"), default=0)
    requests_deleted = models.PositiveIntegerField(_("answered requests deleted"), default=0, db_default=0)
    clusters_deleted = models.PositiveIntegerField(_("clusters deleted"), default=0, db_default=0)
    rules_emptied = models.PositiveIntegerField(_("ended rules emptied"), default=0, db_default=0)

    class Meta:
        verbose_name = _("retention")
        verbose_name_plural = _("retention")
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day}"


class Recount(models.Model):
    """What a recount of all signatures found beside the sums that are kept (recounting.py)."""

    KEPT = 100  # differences, the first ones

    at = models.DateTimeField(_("when"), default=timezone.now)
    seconds = models.FloatField(_("seconds"))
    how_many = models.PositiveIntegerField(_("wrong sums"))
    differences = models.JSONField(_("differences"), default=list)

    class Meta:
        verbose_name = _("recount")
        verbose_name_plural = _("recounts")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["at"], name="recount_at")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class Retraction(models.Model):
    """What somebody took back, so that a backup older than that does not bring it back (retractions.py).

    A number and a keyed fingerprint, no foreign key: what it is about may be gone.
    """

    class Kind(models.TextChoices):
        ERASED = "erased"
        WITHDRAWN = "withdrawn"
        SECRET = Signature.Visibility.SECRET.value  # from now on counted only
        DELIVERED = Signature.Visibility.DELIVERED.value  # no longer shown on the page
        NEWS_OFF = "news_off"
        ASKED = "asked", "no letter ever again"
        UNSUBSCRIBED = "unsubscribed"

    kind = models.CharField(max_length=12, choices=Kind)
    made_at = models.DateTimeField(default=timezone.now)
    signature_number = models.BigIntegerField(null=True)
    fingerprint = models.BinaryField(
        max_length=32, null=True, help_text="Of an address that takes no letters, as in `Suppression`."
    )
    is_written_out = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["made_at"], name="retraction_made"),
            models.Index(fields=["id"], condition=models.Q(is_written_out=False), name="retraction_new"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Alarm(models.Model):
    """The last day on which staff were written to about one kind of trouble (alarms.py)."""

    kind = models.CharField(max_length=30, primary_key=True)
    day = models.DateField()


class AddressKey(models.Model):
    """One row: the fingerprint of the ADDRESS_KEY that this database was filled under."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    fingerprint = models.CharField(max_length=64)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_address_key")]
