"""The count: what triggers write, what it is folded into, and other sums, none of which holds anybody."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from signatures.models.signature import Signature


class CountDelta(models.Model):
    """What a statement did to the count; written by triggers on `Signature`, folded away by `tally.fold`."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_constraint=False, db_index=False)
    country = models.CharField(max_length=2)
    hour = models.DateTimeField()
    n = models.IntegerField()


class Tally(models.Model):
    """Counted signatures won or lost in one hour from one country; summed up, the history of a campaign."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    country = models.CharField(max_length=2)
    hour = models.DateTimeField()
    n = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "country", "hour"], name="one_tally_per_campaign_country_hour"),
        ]


class HourTally(models.Model):
    """`Tally` over all countries; triggers on that keep it, so that nobody has to sum it up."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    hour = models.DateTimeField()
    n = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "hour"], name="one_tally_per_campaign_hour")]


class CountryTally(models.Model):
    """`Tally` over all hours, likewise."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    country = models.CharField(max_length=2)
    n = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "country"], name="one_tally_per_campaign_country")]


class Total(models.Model):
    """The folded count of a campaign, in a row that no signer and no editor touches."""

    campaign = models.OneToOneField(Campaign, models.CASCADE, primary_key=True)
    n = models.IntegerField()


class StateDelta(models.Model):
    """What a statement did to the number of signatures in each state, counted or not; as `CountDelta`."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_constraint=False, db_index=False)
    state = models.CharField(max_length=9)
    moderation = models.CharField(max_length=8)
    language = models.CharField(max_length=12)
    n = models.IntegerField()
    made_at = models.DateTimeField(db_default=Now(), help_text="The oldest tells how late a fold is.")


class StateTally(models.Model):
    """How many signatures there are in each state, with what moderation says, in each language."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    state = models.CharField(max_length=9, choices=Signature.State)
    moderation = models.CharField(max_length=8, choices=Signature.Moderation)
    language = models.CharField(max_length=12)
    n = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "state", "moderation", "language"], name="one_tally_per_campaign_state_language"
            ),
        ]


class Step(models.TextChoices):
    """What became of attempts to sign (funnel.py says what each means)."""

    SENT = "sent", _("sent")
    CONFIRMED = "confirmed", _("confirmed")
    BOUNCED = "bounced", _("bounced")
    EXPIRED = "expired", _("expired")


class FunnelDelta(models.Model):
    """Attempts that took a step just now, folded away by `tally.fold`: nobody waits for a sum that another changes.

    Below nought where one turned out not to have taken it.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_constraint=False, db_index=False)
    day = models.DateField()
    provider = models.CharField(max_length=8)
    step = models.CharField(max_length=9, choices=Step)
    n = models.IntegerField()


class FunnelTally(models.Model):
    """Attempts that took a step on one day, by the large mail providers."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    day = models.DateField()
    provider = models.CharField(max_length=8)
    step = models.CharField(max_length=9, choices=Step)
    n = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "day", "provider", "step"], name="one_tally_per_funnel_step"),
        ]


class ViaTally(models.Model):
    """Signatures made after following a shared link, by channel and day, in sum; nothing tells whose.

    A row has sixteen shards, so that the signers of a busy channel do not wait for each other.
    """

    SHARDS = 16

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    channel = models.CharField(_("channel"), max_length=10)
    day = models.DateField(_("day"))
    shard = models.PositiveSmallIntegerField()
    n = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "channel", "day", "shard"], name="one_via_tally_per_shard"),
        ]
