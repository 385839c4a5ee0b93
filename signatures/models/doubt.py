"""Why a signature should be looked at: doubts that the system has, until somebody of the staff settles them."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from signatures.models.signature import Signature, SignatureQuerySet
from signatures.models.staff import ModerationAct
from signatures.signals import Signal


class DoubtQuerySet(models.QuerySet["Doubt"]):
    def open(self) -> Self:
        return self.filter(settled_at=None)

    def loud(self) -> Self:
        """Those that are a reason to look."""
        return self.filter(kind__in=Doubt.LOUD)

    def asking(self) -> Self:
        """Those by which signers ask for a second look."""
        return self.filter(kind=Doubt.Kind.SECOND_LOOK)

    def locked(self) -> Self:
        """To be changed: locked in the order of the key, so that two who settle the same doubts wait for each other
        instead of locking up."""
        return Doubt.objects.filter(pk__in=self.order_by("pk").select_for_update().values("pk"))  # type: ignore[return-value]


class Doubt(models.Model):
    """One reason to look at a signature. A doubt alone neither holds nor refuses: it brings the row into the queue."""

    class Kind(models.TextChoices):
        RULE = "rule", _("a rule of staff")
        DISPOSABLE = Signal.DISPOSABLE.value, _("address of a throw-away mail domain")
        NETWORK = "network", _("cluster: many from one network")
        DOMAIN = "domain", _("cluster: many from one mail domain")
        BURST = "burst", _("cluster: many in a short time")
        CROWD = Signal.CROWD.value, _("beyond the limit of its network")
        RUSH = Signal.RUSH.value, _("beyond the limit of the campaign")
        ONE_DOMAIN = Signal.ONE_DOMAIN.value, _("many of one mail domain or mailbox from one network")
        ONE_NAME = Signal.ONE_NAME.value, _("many of one name from one network")
        HONEYPOT = Signal.HONEYPOT.value, _("filled the field that people do not see")
        SECOND_LOOK = "second_look", _("its signer asks for a second look")

    # A crowd is no reason to look at each of its people: alone, these bring nobody into the queue. A domain that stands
    # out beside the others of its day does, by its cluster.
    QUIET = frozenset({Kind.CROWD, Kind.RUSH, Kind.ONE_DOMAIN})
    LOUD = tuple(sorted(set(Kind.values) - QUIET))

    signature = models.ForeignKey(
        Signature, models.CASCADE, db_index=False, related_name="doubts", verbose_name=_("signature")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    detail = models.CharField(_("detail"), max_length=100, blank=True, help_text=_("Never a name or an address."))
    made_at = models.DateTimeField(_("when"), default=timezone.now)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    settled_by = models.ForeignKey(
        ModerationAct,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("settled by"),
    )

    objects = DoubtQuerySet.as_manager()

    class Meta:
        verbose_name = _("doubt")
        verbose_name_plural = _("doubts")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["signature", "kind"], name="one_doubt_per_signature_and_kind"),
        ]
        # By the kind first: a crowd leaves very many that no queue shows.
        indexes = [models.Index(fields=["kind", "signature"], condition=Q(settled_at=None), name="doubt_open_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class QueueQuerySet(SignatureQuerySet):
    def to_look_at(self) -> Self:
        """Held, or doubted and clear, or rejected where the signer asks for a second look. By two small indexes: the
        table itself may have millions of other rows."""
        held = Signature.objects.filter(moderation=Signature.Moderation.HELD).order_by().values("pk")
        open_doubts = Doubt.objects.open().order_by()
        doubted = open_doubts.loud().values("signature")
        is_settled = Q(moderation=Signature.Moderation.REJECTED) & ~Q(pk__in=open_doubts.asking().values("signature"))
        return self.in_hand().filter(pk__in=held.union(doubted)).exclude(is_settled)


class QueuedSignature(Signature):
    """A signature that waits for somebody to look at it."""

    objects = QueueQuerySet.as_manager()  # type: ignore[misc]  # django-stubs takes a proxy's manager for another's

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("signature to look at")
        verbose_name_plural = _("queue: signatures to look at")
