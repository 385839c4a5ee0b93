"""The addresses of signing, below the language."""

from django.urls import path

from signatures import views

app_name = "signatures"

urlpatterns = [
    path("confirm/<str:token>/", views.confirm, name="confirm"),
    path("<slug:slug>/sign/", views.sign, name="sign"),
    path("<slug:slug>/preview.png", views.preview, name="preview"),
    path("<slug:slug>/check-email/", views.check_email, name="check_email"),
    path("<slug:slug>/thanks/", views.thanks, name="thanks"),
]
