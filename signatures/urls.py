"""The addresses of signing, below the language. Those with a token begin with a word that no campaign may have."""

from django.urls import path

from signatures import views

app_name = "signatures"

urlpatterns = [
    path("confirm/<str:token>/", views.confirm, name="confirm"),
    path("not-me/<str:token>/", views.not_me, name="not_me"),
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("address/<str:token>/", views.new_address, name="new_address"),
    path("signature/<str:token>/", views.own, name="own"),
    path("signature/<str:token>/change/", views.change, name="change"),
    path("signature/<str:token>/news/", views.news, name="news"),
    path("signature/<str:token>/address/", views.move, name="move"),
    path("signature/<str:token>/second-look/", views.second_look, name="second_look"),
    path("signature/<str:token>/data.json", views.data, name="data"),
    path("signature/<str:token>/withdraw/", views.withdraw, name="withdraw"),
    path("signature/<str:token>/erase/", views.erase, name="erase"),
    path("<slug:slug>/sign/", views.sign, name="sign"),
    path("<slug:slug>/preview.png", views.preview, name="preview"),
    path("<slug:slug>/check-email/<str:handle>/", views.check_email, name="check_email"),
    path("<slug:slug>/check-email/<str:handle>/challenge/", views.challenge, name="challenge"),
    path("<slug:slug>/check-email/<str:handle>/resend/", views.resend, name="resend"),
    path("<slug:slug>/thanks/", views.thanks, name="thanks"),
    path("<slug:slug>/signature/", views.ask, name="ask"),
    path("<slug:slug>/signature/asked/", views.asked, name="asked"),
]
