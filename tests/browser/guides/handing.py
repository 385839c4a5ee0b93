"""Deliveries for the pictures of the guides for staff: one that was handed over, and one whose pack is ready. Imported
once Django is set up."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.models import Campaign
from petition_site.local.processes import until
from signatures import services
from signatures.deliveries import cover, deciding, handing_over, working
from signatures.models import Delivery, Pack
from tests.browser.site import PATIENCE

AGO = timedelta(days=5)  # so that the days without an answer are several, also when midnight passes


def handed_over(campaign: Campaign, staff: dict[str, User], words: dict[str, str]) -> Delivery:
    """Some days ago, which the pictures show, and not that it was made today. Three have been erased since: the same
    each time; their numbers are not, which are drawn."""
    delivery = approved(campaign, staff)
    facts = handing_over.Facts(
        on=timezone.localdate() - AGO, how=words["how"], to_whom="Mesa de partes", receipt_number="2026-004117"
    )
    pack = delivery.packs.get()
    assert handing_over.hand_over(delivery_id=delivery.pk, pack_id=pack.pk, facts=facts, staff=staff["inés"])
    for member in delivery.delivered.exclude(number=None).order_by("signature")[:3]:
        services.erase(signature_id=member.signature_id)
    return delivery


def approved(campaign: Campaign, staff: dict[str, User]) -> Delivery:
    """Of all who count by now; the site's worker may be at it too."""
    asked = {"day": timezone.localdate(), "place": "Lima", "volume_megabytes": 10, "letters": cover.draft(campaign)}
    delivery = deciding.make(campaign=campaign, staff=staff["lucía"], **asked)

    def is_approved() -> bool:
        working.work()
        return deciding.approve(delivery_id=delivery.pk, staff=staff["inés"])

    def is_ready() -> bool:
        working.work()
        return Pack.objects.true().filter(delivery=delivery).exists()

    assert until(is_approved, PATIENCE)
    assert until(is_ready, PATIENCE)
    delivery.refresh_from_db()
    return delivery
