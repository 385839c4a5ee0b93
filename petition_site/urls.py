"""All addresses of the site."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.contrib.sitemaps.views import sitemap
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns import views as campaigns
from campaigns.sitemaps import CampaignSitemap
from petition_site import health
from signatures import api, views

admin.site.site_header = admin.site.site_title = _("Petition")

handler500 = "petition_site.middleware.server_error"

urlpatterns = [
    path("", campaigns.home, name="home"),
    path("robots.txt", campaigns.robots),
    path(
        "sitemap.xml",
        cache_control(public=True, max_age=3600)(require_safe(sitemap)),
        {"sitemaps": {"campaigns": CampaignSitemap}},
        name="sitemap",
    ),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/openapi.json", api.description),
    path("api/v1/campaigns/<slug:slug>/", api.campaign),
    path("api/v1/campaigns/<slug:slug>/history/", api.history),
    path("api/<path:path>", api.nothing),
    path("mail/reports/", views.mail_reports, name="mail_reports"),
    path("admin/", admin.site.urls),
    *i18n_patterns(
        path("", include("signatures.urls")),
        path("", include("campaigns.urls")),
    ),
]

if settings.DEMO:
    from petition_site.local import inbox

    urlpatterns = [path("inbox/", inbox.inbox, name="inbox"), *urlpatterns]
