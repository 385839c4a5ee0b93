"""A campaign from one state to the next."""

from datetime import date

from django.db import transaction

from campaigns import checklist
from campaigns.models import Campaign


class NotNext(Exception):
    """The state does not follow on the one that the campaign is in."""


class Incomplete(Exception):
    """What a campaign needs before it opens is not all there: `missing`."""

    def __init__(self, missing: list[checklist.Item]) -> None:
        super().__init__(len(missing))
        self.missing = missing


def is_checked(campaign: Campaign, to: str) -> bool:
    """Whether everything must be there: a campaign that was only paused goes on as it was."""
    return to == Campaign.State.OPEN and campaign.state != Campaign.State.PAUSED


@transaction.atomic
def move(*, campaign_id: int, to: str, delivered_on: date | None = None) -> Campaign:
    """Raises NotNext, and Incomplete where it is to open."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)
    if to not in campaign.next_states:
        raise NotNext
    if is_checked(campaign, to) and (missing := checklist.missing(campaign)):
        raise Incomplete(missing)
    campaign.state = to
    campaign.delivered_on = delivered_on if to == Campaign.State.DELIVERED else None
    campaign.save(update_fields=["state", "delivered_on"])
    return campaign
