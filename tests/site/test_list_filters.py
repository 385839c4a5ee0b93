"""What may be written into the address of a list: its own filters, and nothing that is a person's."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import BinaryField, CharField, Model, TextField
from django.test import Client, RequestFactory

from tests.helpers import log_in

PERSONAL = {"name", "email", "to", "fingerprint", "key", "pattern"}
TEXT = (BinaryField, CharField, TextField)


def text_fields(model: type[Model]) -> Iterator[str]:
    """Its own, and those of the rows that it points to or that point to it."""
    for field in model._meta.get_fields():
        if isinstance(field, TEXT):
            yield field.name
        elif isinstance(related := field.related_model, type):
            yield from (f"{field.name}__{one.name}" for one in related._meta.get_fields() if isinstance(one, TEXT))


def may_be_told_of(model: type[Model], lookup: str) -> bool:
    """What a campaign says of itself is public."""
    return model._meta.app_label == "campaigns" and not PERSONAL & set(lookup.split("__"))


def test_no_list_is_narrowed_by_what_is_a_persons() -> None:
    request = RequestFactory().get("/admin/")
    asked, answered, own = set(), set(), set()
    for model, of_model in admin.site._registry.items():
        if model._meta.app_label not in ("signatures", "campaigns"):
            continue
        filters = {getattr(one, "parameter_name", one) for one in of_model.list_filter}
        for lookup in text_fields(model):
            if may_be_told_of(model, lookup):
                continue
            name = f"{model.__name__}.{lookup}"
            asked.add(name)
            if lookup in filters:
                own.add(name)
            if of_model.lookup_allowed(f"{lookup}__icontains", "a", request):
                answered.add(name)

    assert answered == own
    assert not [name for name in answered if PERSONAL & set(name.partition(".")[2].split("__"))]
    assert asked >= {"Letter.to", "Signature.name", "Rule.pattern", "Cluster.key", "Letter.signature__email"}


@pytest.mark.parametrize("query", ["to__icontains=ana", "to=ana@example.org", "details__icontains=x"])
def test_the_outbox_tells_of_no_address(db: None, query: str) -> None:
    client = Client()
    log_in(client, User.objects.create_superuser("admin"))

    assert client.get(f"/admin/signatures/letter/?{query}").status_code == 400
