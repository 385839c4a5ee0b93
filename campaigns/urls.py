"""The addresses of campaigns, below the language."""

from django.urls import path

from campaigns import views
from campaigns.feeds import UpdatesFeed

app_name = "campaigns"

urlpatterns = [
    path("", views.index, name="index"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("<slug:slug>/", views.page, name="page"),
    path("<slug:slug>/privacy/", views.privacy, name="privacy"),
    path("<slug:slug>/updates.atom", UpdatesFeed(), name="updates"),
]
