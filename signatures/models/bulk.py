"""Jobs over many signatures: what is to be done, with the set that was frozen when staff looked at it."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from signatures.models.staff import ModerationAct


class BulkJobQuerySet(models.QuerySet["BulkJob"]):
    def at_work(self) -> Self:
        return self.filter(state__in=[BulkJob.State.RUNNING, BulkJob.State.UNDOING])


class BulkJob(models.Model):
    """One act of moderation over all signatures that matched a list when it was prepared.

    prepared → (waiting for a second person →) running → done or cancelled → undoing → undone. What was prepared and
    never begun is thrown away.
    """

    class State(models.TextChoices):
        PREPARED = "prepared", _("prepared")
        WAITING = "waiting", _("waiting for a second person")
        REFUSED = "refused", _("refused by a second person")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")

    BATCH = 1000  # signatures in one transaction: a quarter of a second, which is how long cancelling may have to wait

    staff = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who"))
    action = models.CharField(_("action"), max_length=8, choices=ModerationAct.Action)
    reason = models.CharField(_("reason"), max_length=200)
    note = models.CharField(_("note"), max_length=200, blank=True)
    is_note_for_signer = models.BooleanField(_("signers can read the note"), default=False)
    matched = models.CharField(
        _("filters"), max_length=500, blank=True, help_text=_("Those of the list, without what was typed of a person.")
    )
    how_many = models.PositiveIntegerField(_("how many"), default=0)
    counted = models.PositiveIntegerField(_("of them counted"), default=0, help_text=_("When it was prepared."))
    looked_at = models.PositiveIntegerField(default=0, help_text="Of the frozen set, while it runs.")
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.PREPARED)
    made_at = models.DateTimeField(_("prepared at"), default=timezone.now)
    started_at = models.DateTimeField(_("started at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    act = models.OneToOneField(ModerationAct, models.PROTECT, null=True, related_name="+", verbose_name=_("act"))
    undo_act = models.OneToOneField(ModerationAct, models.PROTECT, null=True, related_name="+", verbose_name=_("undo"))
    undo_cursor = models.BigIntegerField(default=0, help_text="The last `ModeratedSignature` that was looked at.")

    objects = BulkJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job over many signatures")
        verbose_name_plural = _("jobs over many signatures")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(decided_by=F("staff")), name="bulk_job_decided_by_somebody_else"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.how_many}"

    @property
    def is_at_work(self) -> bool:
        return self.state in (self.State.RUNNING, self.State.UNDOING)


class BulkBatch(models.Model):
    """Part of a job's frozen set, in the order of the key; gone once the job has ended."""

    job = models.ForeignKey(BulkJob, models.CASCADE, related_name="batches", db_index=False)
    number = models.PositiveIntegerField()
    ids = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="one_bulk_batch_per_number")]
