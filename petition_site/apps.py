from django.apps import AppConfig


class PetitionSiteConfig(AppConfig):
    name = "petition_site"

    def ready(self) -> None:
        from petition_site import checks  # noqa: F401  (registers them)
