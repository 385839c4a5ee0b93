"""Who is there when an attack is sent, and what an attack is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.http import HttpResponse
from django.test import Client

from campaigns.models import Campaign
from signatures import addresses, tokens
from signatures.models import Signature
from tests.helpers import form_data, make_campaign, make_signature

PAGE = "/en/water-for-all/"
SCRIPT = "<script>alert(1)</script>"
# A wrong code is counted, whoever has typed it.
PROTECTED = [field.attname for field in Signature._meta.concrete_fields if field.attname != "code_tries"]


@dataclass
class World:
    campaign: Campaign
    ana: Signature
    beto: Signature
    mallory: Signature
    client: Client = field(default_factory=Client)
    plain: HttpResponse | None = None  # what a cache may have kept of the page

    def rows(self) -> list[tuple[Any, ...]]:
        mine = Signature.objects.filter(pk__in=[self.ana.pk, self.beto.pk])
        return list(mine.order_by("pk").values_list(*PROTECTED))

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.client.get(path, headers=headers)

    def post(self, path: str, _fields: dict[str, Any] | None = None, **fields: Any) -> HttpResponse:
        return self.client.post(path, {**(_fields or {}), **fields})

    def sign(self, **fields: Any) -> HttpResponse:
        return self.post(f"{PAGE}sign/", form_data(self.campaign), **fields)

    def key(self, signature: Signature, *, fresh: bool = False) -> str:
        return tokens.PageKey(signature.pk, signature.link_generation, fresh).make()

    def own(self, what: str = "", *, of: Signature | None = None, fresh: bool = False) -> str:
        return f"/en/signature/{self.key(of or self.mallory, fresh=fresh)}/{what}"

    def handle(self, signature: Signature) -> str:
        return f"{PAGE}check-email/{tokens.Handle(signature.pk, addresses.masked(signature.email)).seal()}/"


def make_world() -> World:
    campaign = make_campaign()
    ana = make_signature(campaign, name="Ana", email="ana@example.net", is_confirmed=True)
    mallory = make_signature(campaign, name="Mallory", email="mallory@example.net", is_confirmed=True)
    return World(campaign, ana, make_signature(campaign, name="Beto", email="beto@example.net"), mallory)


class Attack(NamedTuple):
    name: str
    send: Callable[[World], HttpResponse]
    status: int
    holds: Callable[[World, HttpResponse], object] = lambda world, response: True


def nothing_stored(world: World, response: HttpResponse) -> bool:
    return Signature.objects.count() == 3
