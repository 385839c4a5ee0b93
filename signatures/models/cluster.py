"""Clusters: signatures of one day that have more in common than is usual in their campaign."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign


class Cluster(models.Model):
    """Worked out in the background. It holds nobody: a school's domain and a good day are clusters, too."""

    KEPT_DAYS = 30  # as long as the salts under which networks are hashed

    class Kind(models.TextChoices):
        NETWORK = "network", _("one network")
        DOMAIN = "domain", _("one mail domain")
        BURST = "burst", _("ten minutes")

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False, verbose_name=_("campaign"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    key = models.CharField(
        _("in common"), max_length=255, help_text=_("The network’s hash, the domain, or when ten minutes began.")
    )
    day = models.DateField(_("day"), help_text=_("In UTC, like the salts of network hashes."))
    n = models.PositiveIntegerField(_("signatures"))
    counted = models.PositiveIntegerField(_("counted"))
    held = models.PositiveIntegerField(_("held"))
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"))
    found_at = models.DateTimeField(_("found"), default=timezone.now)
    looked_at = models.DateTimeField(_("looked at"), null=True)
    looked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("looked at by")
    )

    class Meta:
        verbose_name = _("cluster")
        verbose_name_plural = _("clusters")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "kind", "key", "day"], name="one_cluster_per_day_and_key")
        ]
        indexes = [models.Index(fields=["day"], name="cluster_day")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"
