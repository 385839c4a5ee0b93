"""Attacks of visitors end as the tables in `attacks/` say, and change nothing of anybody else.

Each is sent to a site on which Ana has confirmed, Beto waits, and Mallory, who has confirmed too, has her own ways to
her own page. What no answer tells apart is in `test_no_oracle.py`, forged posts to each address in
`site/test_cross_site.py`, attacks by staff and on them in `test_attacks_on_staff.py`.
"""

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from signatures import limits
from tests.promises.attacks.by_address import ADDRESSES
from tests.promises.attacks.by_field import FIELDS
from tests.promises.attacks.by_name import LIMITED, NAMES
from tests.promises.attacks.by_token import TOKENS
from tests.promises.attacks.world import Attack, make_world

GROUPS = {"tokens": TOKENS, "fields": FIELDS, "addresses": ADDRESSES, "names": NAMES, "limits": LIMITED}


@pytest.mark.django_db
@pytest.mark.parametrize("attacks", GROUPS.values(), ids=GROUPS)
def test_each_attack_ends_as_it_should(attacks: list[Attack]) -> None:
    world = make_world()
    before = world.rows()
    for attack in attacks:
        cache.clear()
        limits.here.counts.clear()
        world.client = Client()
        with transaction.atomic():
            response = attack.send(world)

            assert response.status_code == attack.status, (attack.name, response.content.decode()[:2000])
            assert attack.holds(world, response), (attack.name, response)
            assert world.rows() == before, attack.name
            transaction.set_rollback(True)


def test_there_are_enough_of_them() -> None:
    names = [attack.name for attacks in GROUPS.values() for attack in attacks]
    assert len(set(names)) == len(names) > 100
