"""Run as a script beside a site's settings: opens a campaign with invented data, and makes an account for staff.

With STAFF_CODES that account has a second factor, of these recovery codes.
"""

import os
import sys
from datetime import timedelta

import django


def main(slug: str) -> None:
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Permission
    from django.utils import timezone
    from django_otp.plugins.otp_static.models import StaticDevice

    from campaigns.models import Campaign
    from campaigns.services import publish_consent
    from petition_site.staff import second_factor

    campaign = Campaign.objects.get(slug=slug)
    campaign.organisation = "Example Organisation"
    campaign.postal_address = "1 Example Street, Exampletown"
    campaign.privacy_contact = "privacy@example.org"
    campaign.representative_in_peru = "None is needed: this is a test."
    campaign.data_host = "Example Host, Exampletown"
    campaign.mail_sender = "Example Mail, Exampletown"
    campaign.supervisory_authority = "Example Authority"
    campaign.minimum_age = 16
    campaign.retention_days = 180
    campaign.corrections_name = "Rosa Example"
    campaign.corrections_email = "corrections@example.org"
    campaign.progress_shown_from = 0
    campaign.closes_at = timezone.now() + timedelta(days=365)
    campaign.state = Campaign.State.OPEN
    assert not campaign.missing_responsibility()
    campaign.full_clean()
    campaign.save()
    publish_consent(campaign=campaign)

    # No superuser: what moderators are allowed must be enough for their work.
    staff = get_user_model().objects.create_user(
        os.environ["STAFF_NAME"], password=os.environ["STAFF_PASSWORD"], is_staff=True
    )
    rights = ["view_signature", "moderate_signature", "export_signature"]
    staff.user_permissions.set(Permission.objects.filter(codename__in=rights))
    if codes := os.environ.get("STAFF_CODES"):
        device = StaticDevice.objects.create(user=staff, name="recovery codes")
        for code in codes.split():
            device.token_set.create(token=second_factor.kept(staff, code))


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "petition_site.settings"
    django.setup()
    main(sys.argv[1])
