"""A new version of each consent text in force, now with the words of each choice."""

import hashlib

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import translation
from django.utils.translation import gettext


def add_versions(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    model = apps.get_model("campaigns", "ConsentText")
    latest = model.objects.order_by("campaign_id", "language", "-version").distinct("campaign_id", "language")
    for text in list(latest):
        with translation.override(text.language):
            words = {
                "text": text.text,
                "secret": gettext("Count me only, do not pass on my name"),
                "delivered": gettext("With my name and country"),
                "public": gettext("Show my name and country on the page of this petition too"),
                "news": gettext("Send me news about this campaign by email."),
            }
        model.objects.create(
            campaign=text.campaign,
            language=text.language,
            version=text.version + 1,
            sha256=hashlib.sha256("\0".join(words.values()).encode()).hexdigest(),
            **words,
        )


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0002_consent_words")]

    operations = [migrations.RunPython(add_versions, migrations.RunPython.noop)]
