from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class SignaturesConfig(AppConfig):
    name = "signatures"
    verbose_name = _("Signatures")

    def ready(self) -> None:
        post_migrate.connect(note_address_key, sender=self)


def note_address_key(using: str, apps: Any = apps, **kwargs: Any) -> None:
    """After the first `migrate` the database knows which ADDRESS_KEY it is filled under. It is never overwritten."""
    from signatures.keys import key_fingerprint

    try:
        model = apps.get_model("signatures", "AddressKey")
    except LookupError:  # migrated back to before it was there
        return
    model.objects.using(using).bulk_create([model(fingerprint=key_fingerprint())], ignore_conflicts=True)
