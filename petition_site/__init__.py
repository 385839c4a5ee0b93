"""The porch: settings, addresses, Celery, checks and what a whole site needs around its two floors."""

from petition_site.celery import app as celery_app

__all__ = ["celery_app"]
