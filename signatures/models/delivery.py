"""Deliveries: which signatures are handed over together, and what came of it."""

from datetime import date
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from signatures.models.signature import Signature


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def handed_over(self) -> Self:
        return self.exclude(handed_over_on=None).order_by("handed_over_on", "pk")


class Delivery(models.Model):
    """Signatures of a campaign that are handed over together.

    made → frozen by a worker, waiting for a second person → approved → handed over → answered; or withdrawn with a
    reason, as long as it has not been handed over. The database refuses to change what it was made with, to decide
    twice, and to delete one (migration 0034).
    """

    class State(models.TextChoices):
        MADE = "made", _("being frozen")
        WAITING = "waiting", _("waiting for a second person")
        APPROVED = "approved", _("approved")
        HANDED_OVER = "handed", _("handed over, without an answer")
        ANSWERED = "answered", _("answered")
        WITHDRAWN = "withdrawn", _("withdrawn")

    ENDED = (State.WITHDRAWN, State.HANDED_OVER, State.ANSWERED)

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="deliveries", verbose_name=_("campaign"))
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.MADE)
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who"))
    made_at = models.DateTimeField(_("made at"), default=timezone.now)
    day = models.DateField(_("day of the delivery"), help_text=_("It is the date of the letter."))
    place = models.CharField(_("place"), max_length=100, help_text=_("Where the letter is signed."))
    volume_megabytes = models.PositiveSmallIntegerField(
        _("size of a volume"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text=_("In megabytes: no PDF is larger. Ask the desk what it takes."),
    )
    letters = models.JSONField(_("cover letter"), help_text="By language: `subject` and `body`, Markdown.")

    frozen_at = models.DateTimeField(_("frozen at"), null=True)
    counted = models.PositiveIntegerField(_("counted"), null=True, help_text="By the campaign's count, at that moment.")
    before = models.PositiveIntegerField(null=True, help_text="Of them in earlier deliveries.")
    signatures = models.PositiveIntegerField(_("signatures"), null=True, help_text="In this one.")
    names = models.PositiveIntegerField(_("of them with a name"), null=True)
    left_out = models.JSONField(default=dict, help_text="What was not counted then: `pending`, `held`, `rejected`.")

    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("approved by")
    )
    decided_at = models.DateTimeField(_("approved at"), null=True)

    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("withdrawn by")
    )
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)
    withdrawn_for = models.CharField(_("reason"), max_length=200, blank=True)

    handed_over_on = models.DateField(_("handed over on"), null=True)
    handed_over_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("recorded by")
    )
    pack = models.OneToOneField(
        "Pack", models.PROTECT, null=True, related_name="+", verbose_name=_("the pack that was handed over")
    )
    how = models.CharField(_("how"), max_length=200, blank=True)
    to_whom = models.CharField(_("to whom"), max_length=200, blank=True)
    receipt_number = models.CharField(_("filing receipt (cargo)"), max_length=100, blank=True)
    case_number = models.CharField(_("case number (expediente)"), max_length=100, blank=True)

    answered_on = models.DateField(_("answered on"), null=True)
    answer = models.TextField(_("answer"), blank=True)
    answer_language = models.CharField(_("language of the answer"), max_length=12, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-pk"]
        permissions = [("make_delivery", _("Can make, approve, withdraw and record deliveries"))]
        constraints = [
            models.CheckConstraint(condition=~Q(decided_by=F("staff")), name="delivery_approved_by_somebody_else"),
            models.CheckConstraint(
                condition=Q(handed_over_on=None) | Q(withdrawn_at=None), name="delivery_handed_over_or_withdrawn"
            ),
            models.CheckConstraint(
                condition=Q(handed_over_on=None) | Q(pack__isnull=False), name="delivery_hands_over_a_pack"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} {formats.date_format(self.day, 'SHORT_DATE_FORMAT')}"

    @property
    def unnamed(self) -> int:
        return (self.signatures or 0) - (self.names or 0)

    @property
    def is_handed_over(self) -> bool:
        return self.handed_over_on is not None

    @property
    def days_without_answer(self) -> int:
        """Whole days since it was handed over, up to the answer where there is one."""
        until: date = self.answered_on or timezone.localdate()
        return (until - self.handed_over_on).days if self.handed_over_on else 0


class DeliveredSignature(models.Model):
    """A counted signature in the one delivery that it is handed over with. One that is withdrawn lets them go again."""

    # Only pending signatures are ever deleted, and they are in none. A constraint would lock all that are frozen until
    # the freezing is over, and who withdraws meanwhile would wait for it.
    signature = models.OneToOneField(
        Signature, models.DO_NOTHING, primary_key=True, related_name="delivered", db_constraint=False
    )
    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="delivered", db_index=False)
    number = models.PositiveIntegerField(
        null=True, help_text="In the list, where it was to have a line when the delivery was frozen."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="one_signature_per_number")]


class ErasedNumber(models.Model):
    """A number in the list whose signer was erased since: of whom it was nothing tells any more."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="erased_numbers", db_index=False)
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="one_erasure_per_number")]


class DeliveryChange(models.Model):
    """Somebody in a delivery is not any more what a pack may say; written by a trigger on `Signature`.

    Rows are only added, so that nobody who changes a signature waits for another; a pack is true as long as there is
    none that it was not made with.
    """

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="changes")


class DeliveryScan(models.Model):
    """A picture or PDF of what the addressee stamped or answered."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="scans")
    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who"))
    added_at = models.DateTimeField(_("added at"), default=timezone.now)
    name = models.CharField(_("name"), max_length=100)
    content_type = models.CharField(max_length=20)
    data = models.BinaryField()

    class Meta:
        verbose_name = _("scan")
        verbose_name_plural = _("scans")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name
