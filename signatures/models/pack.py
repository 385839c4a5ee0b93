"""Packs: what is made of a delivery, to be handed over."""

from datetime import timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from signatures.models.delivery import Delivery, DeliveryChange


class PackQuerySet(models.QuerySet["Pack"]):
    def being_made(self) -> Self:
        """By a worker that was there a moment ago."""
        return self.filter(state=Pack.State.MAKING, seen_at__gte=timezone.now() - Pack.SILENT)

    def to_make(self) -> Self:
        """Queued, or left behind by a worker that is gone."""
        is_silent = Q(state=Pack.State.MAKING, seen_at__lt=timezone.now() - Pack.SILENT)
        return self.filter(Q(state=Pack.State.QUEUED) | is_silent, delivery__state=Delivery.State.APPROVED)

    def true(self) -> Self:
        """Ready, and nobody has taken anything back since."""
        changed = DeliveryChange.objects.filter(delivery=OuterRef("delivery"))
        return self.filter(~Exists(changed), state=Pack.State.READY)


class Pack(models.Model):
    """What is handed over, as one ZIP: made by a worker, offered whole or not at all.

    Its bytes are in `PackPiece` only as long as everybody in it still is; this row, which holds nobody, stays.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting for a worker")
        MAKING = "making", _("being made")
        READY = "ready", _("ready")
        OUTDATED = "outdated", _("deleted: somebody in it has changed or taken something back")
        FAILED = "failed", _("failed")

    UNDER_WAY = (State.QUEUED, State.MAKING)
    SILENT = timedelta(minutes=2)  # after which whoever was making it is gone
    TRIES = 5

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="packs")
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.QUEUED)
    asked_at = models.DateTimeField(_("asked for at"), default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0)
    seen_at = models.DateTimeField(null=True, help_text="When whoever makes it last said so.")
    made_at = models.DateTimeField(_("made at"), null=True)
    done = models.PositiveIntegerField(default=0, help_text="Names in the volumes that are typeset.")
    names = models.PositiveIntegerField(_("names"), default=0)
    unnamed = models.PositiveIntegerField(_("as a number only"), default=0)
    taken_back = models.PositiveIntegerField(
        _("taken back"), default=0, help_text="Of the frozen set, those that did not count any more."
    )
    missing = ArrayField(models.PositiveIntegerField(), default=list, help_text="Numbers that have no line in it.")
    size = models.BigIntegerField(_("size"), default=0, help_text="Bytes.")
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    manifest = models.TextField(_("manifest"), blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)

    objects = PackQuerySet.as_manager()

    class Meta:
        verbose_name = _("pack")
        verbose_name_plural = _("packs")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["delivery"], condition=Q(state__in=["queued", "making"]), name="one_pack_under_way"
            ),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.made_at or self.asked_at):%Y-%m-%d %H:%M}"

    @property
    def signatures(self) -> int:
        return self.names + self.unnamed


class PackPiece(models.Model):
    """A megabyte of a pack's ZIP."""

    BYTES = 1024 * 1024

    pack = models.ForeignKey(Pack, models.CASCADE, related_name="pieces", db_index=False)
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pack", "number"], name="one_piece_per_number")]
