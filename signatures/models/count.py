"""The count: what the triggers write, what it is folded into, and sums by channel of sharing."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign


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


class Total(models.Model):
    """The folded count of a campaign, in a row that no signer and no editor touches."""

    campaign = models.OneToOneField(Campaign, models.CASCADE, primary_key=True)
    n = models.IntegerField()


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
