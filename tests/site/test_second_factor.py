"""Staff come in by a password and a code, set up their app at the first login, and get by without it."""

import re
import time
from base64 import b32decode
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.checks import run_checks
from django.test import Client, override_settings
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from petition_site.env import Rate
from signatures import limits
from tests.helpers import log_in
from tests.signatures.test_tasks import AWAY
from tests.site.test_roles import make_roles

PASSWORD = "a password of some length"
NOW = 1_800_000_000
CODE = re.compile(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()
    limits.breaker.reset()
    limits.here.counts.clear()


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def user() -> User:
    return User.objects.create_superuser("rosa", password=PASSWORD)


def browser(**headers: str) -> Client:
    return Client(headers={"Accept-Language": "en"} | headers)


def enter(client: Client, password: str = PASSWORD, *, to: str = "/admin/", name: str = "rosa", **meta: Any) -> Any:
    """The password, and wherever that leads."""
    data = {"username": name, "password": password}
    return client.post(f"/admin/login/?next={to}", data, follow=True, **meta)


def app_code(secret: str, later: int = 0) -> str:
    """What an app shows that was given this secret."""
    totp = TOTP(b32decode(secret.replace(" ", "")))
    totp.time = time.time() + later
    return f"{totp.token():06}"


def secret_on(page: Any) -> str:
    [secret] = re.findall(r"<code[^>]*>([A-Z2-7 ]{39})</code>", page.content.decode())
    return str(secret)


def set_up(client: Client) -> tuple[str, list[str]]:
    """The first login: the app's secret and the recovery codes."""
    secret = secret_on(enter(client))
    page = client.post("/admin/second-factor/set-up/", {"code": app_code(secret)})
    return secret, CODE.findall(page.content.decode())


def is_in(client: Client) -> bool:
    return bool(client.get("/admin/").status_code == 200)


def test_the_first_login_sets_up_an_app_and_shows_ten_recovery_codes_once(user: User, clock: Any) -> None:
    client = browser()
    page = enter(client, to="/admin/auth/user/")
    assert page.redirect_chain[-1][0] == "/admin/second-factor/set-up/?next=%2Fadmin%2Fauth%2Fuser%2F"
    secret = secret_on(page)
    assert not is_in(client)
    assert secret_on(client.get("/admin/second-factor/set-up/")) == secret  # it may be scanned already

    wrong = client.post(page.request["PATH_INFO"] + "?next=/admin/auth/user/", {"code": "000000"})
    assert "This is not the code of the moment" in wrong.content.decode()
    assert not TOTPDevice.objects.exists()
    done = client.post("/admin/second-factor/set-up/?next=/admin/auth/user/", {"code": app_code(secret)})

    codes = CODE.findall(done.content.decode())
    assert len(set(codes)) == 10
    assert 'href="/admin/auth/user/"' in done.content.decode()
    assert "no-store" in done["Cache-Control"]
    assert is_in(client)
    assert not CODE.findall(client.get("/admin/second-factor/set-up/").content.decode())
    assert LogEntry.objects.get().get_change_message() == "Changed second factor."


def test_the_database_holds_no_recovery_code_that_could_be_typed(user: User, clock: Any) -> None:
    _secret, codes = set_up(browser())

    kept = list(StaticToken.objects.values_list("token", flat=True))
    assert len(kept) == 10
    assert not set(kept) & {code.replace("-", "") for code in codes}
    for token in kept:
        clock.shift(600)
        client = browser()
        enter(client)
        client.post("/admin/second-factor/", {"code": token})
        assert not is_in(client)


def test_the_next_login_asks_for_a_code_which_counts_once(user: User, clock: Any) -> None:
    secret, _codes = set_up(browser())
    clock.shift(60)
    client, thief = browser(), browser()
    page = enter(client, to="/admin/auth/user/")
    assert page.redirect_chain[-1][0] == "/admin/second-factor/?next=%2Fadmin%2Fauth%2Fuser%2F"
    assert not is_in(client)
    before = client.cookies["session"].value

    let_in = client.post(page.redirect_chain[-1][0], {"code": app_code(secret)})

    assert (let_in.status_code, let_in["Location"]) == (302, "/admin/auth/user/")
    assert is_in(client)
    assert client.cookies["session"].value != before
    enter(thief)
    again = thief.post("/admin/second-factor/", {"code": app_code(secret)})
    assert "is wrong, or has been used already" in again.content.decode()
    assert not is_in(thief)


@pytest.mark.parametrize("written", [str, str.upper, lambda code: code.replace("-", " ")])
def test_a_recovery_code_lets_in_once_and_says_how_many_are_left(user: User, clock: Any, written: Any) -> None:
    _secret, codes = set_up(browser())
    clock.shift(60)
    client = browser()
    enter(client)

    page = client.post("/admin/second-factor/", {"code": written(codes[0])}, follow=True)
    assert "You have 9 recovery codes left." in page.content.decode()
    assert is_in(client)

    again = browser()
    enter(again)
    assert again.post("/admin/second-factor/", {"code": codes[0]}).status_code == 200
    assert not is_in(again)


def test_after_wrong_codes_the_right_one_waits(user: User, clock: Any) -> None:
    secret, _codes = set_up(browser())
    clock.shift(60)
    client = browser()
    enter(client)
    for _ in range(4):
        client.post("/admin/second-factor/", {"code": "000000"})
        clock.shift(8)
    client.post("/admin/second-factor/", {"code": "000000"})

    refused = client.post("/admin/second-factor/", {"code": app_code(secret)})
    assert "Wait 16 seconds before the next try." in refused.content.decode()
    assert not is_in(client)
    clock.shift(17)
    client.post("/admin/second-factor/", {"code": app_code(secret)})
    assert is_in(client)


def test_a_password_alone_replaces_no_second_factor(user: User, clock: Any) -> None:
    secret, _codes = set_up(browser())
    half_way = browser()
    enter(half_way)

    for response in (
        half_way.get("/admin/second-factor/set-up/"),
        half_way.post("/admin/second-factor/set-up/", {"code": app_code(secret)}),
    ):
        assert (response.status_code, response["Location"]) == (302, "/admin/second-factor/?next=%2Fadmin%2F")
    assert TOTPDevice.objects.count() == 1


def test_who_was_offered_a_secret_before_another_was_set_up_sets_up_nothing(user: User, clock: Any) -> None:
    slow, quick = browser(), browser()
    offered = secret_on(enter(slow))
    set_up(quick)

    slow.post("/admin/second-factor/set-up/", {"code": app_code(offered)})

    assert not is_in(slow)
    assert is_in(quick)


def test_a_new_device_ends_the_sessions_of_the_old_one_and_its_codes(user: User, clock: Any) -> None:
    elsewhere, client = browser(), browser()
    old, old_codes = set_up(elsewhere)
    clock.shift(60)
    enter(client)
    client.post("/admin/second-factor/", {"code": app_code(old)})
    assert is_in(elsewhere)

    new = secret_on(client.get("/admin/second-factor/set-up/"))
    client.post("/admin/second-factor/set-up/", {"code": app_code(new)})

    assert is_in(client)
    assert not is_in(elsewhere)
    for code in (app_code(old, later=30), old_codes[0]):
        clock.shift(60)
        elsewhere.post("/admin/second-factor/", {"code": code})
        assert not is_in(elsewhere)


def test_a_new_password_ends_the_other_sessions(user: User, clock: Any) -> None:
    client, elsewhere = browser(), browser()
    secret, _codes = set_up(elsewhere)
    clock.shift(60)
    enter(client)
    client.post("/admin/second-factor/", {"code": app_code(secret)})
    new = {
        "old_password": PASSWORD,
        "new_password1": "quite another password",
        "new_password2": "quite another password",
    }

    assert client.post("/admin/password_change/", new).status_code == 302

    assert is_in(client)
    assert not is_in(elsewhere)
    assert "_auth_user_id" not in elsewhere.session


def test_an_administrator_resets_the_second_factor_of_who_has_lost_it(user: User, clock: Any) -> None:
    lost = browser()
    _secret, codes = set_up(lost)
    User.objects.filter(pk=user.pk).update(is_superuser=False)
    make_roles()
    administrator = User.objects.create_user("ada", is_staff=True)
    administrator.groups.add(Group.objects.get(name="administrator"))
    client = browser()
    log_in(client, administrator)
    url = f"/admin/auth/user/{user.pk}/second-factor/"
    assert url in client.get(f"/admin/auth/user/{user.pk}/change/").content.decode()
    assert "logged out everywhere" in client.get(url).content.decode()
    assert is_in(lost)

    client.post(url)

    assert not is_in(lost)
    entry = LogEntry.objects.latest("pk")
    assert (entry.user, entry.object_id, entry.get_change_message()) == (
        administrator,
        str(user.pk),
        "Changed second factor.",
    )
    clock.shift(60)
    assert set_up(browser())[1] != codes


@pytest.mark.parametrize("to", ["https://example.org/", "//example.org/", "javascript:alert(1)", ""])
def test_after_the_code_nobody_is_led_to_another_site(user: User, clock: Any, to: str) -> None:
    secret, _codes = set_up(browser())
    clock.shift(60)
    client = browser()
    enter(client)

    assert client.post(f"/admin/second-factor/?next={to}", {"code": app_code(secret)})["Location"] == "/admin/"


def test_the_picture_and_the_pages_hold_no_style_and_no_script_of_their_own(user: User) -> None:
    html = enter(browser()).content.decode()

    picture = html[html.index("<svg width") : html.index("</svg>")]
    assert "style" not in picture
    assert not re.search(r"<style|<script(?![^>]*src=)|\son\w+=|\sstyle=", html)


def test_where_the_setting_says_so_a_password_is_enough_but_on_no_site_that_is_reached(
    user: User, settings: Any
) -> None:
    settings.STAFF_SECOND_FACTOR = False
    client = browser()
    enter(client)
    assert is_in(client)

    settings.ALLOWED_HOSTS = ["localhost"]
    assert "site.E007" not in [message.id for message in run_checks()]
    settings.ALLOWED_HOSTS = ["petition.example.org"]
    assert "site.E007" in [message.id for message in run_checks()]


@pytest.mark.parametrize("redis", ["redis", "no redis"])
def test_after_five_wrong_passwords_the_right_one_waits_a_quarter_of_an_hour(
    user: User, clock: Any, redis: str, caplog: pytest.LogCaptureFixture
) -> None:
    with override_settings(**({} if redis == "redis" else {"CACHES": AWAY})):
        for _ in range(5):
            assert enter(browser(), "a wrong one").status_code == 200
        locked = enter(browser())
        assert locked.status_code == 429
        wait = int(locked["Retry-After"])
        minutes = -(-wait // 60)
        assert 0 < wait <= 900
        assert ("Wait a minute" if minutes == 1 else f"Wait {minutes} minutes") in locked.content.decode()
        assert not Session.objects.exists()
        # Another way of writing the name, and other addresses of the same network.
        assert enter(browser(), name="  rosa ").status_code == 429
        assert enter(browser(), name="ｒosa").status_code == 429
        assert enter(browser(), REMOTE_ADDR="127.0.0.77").status_code == 429
        # Who sits elsewhere is not locked out, nor is a colleague here.
        assert enter(browser(), REMOTE_ADDR="192.0.2.7").status_code == 200
        User.objects.create_superuser("beto", password=PASSWORD)
        assert enter(browser(), name="beto").status_code == 200

        clock.shift(wait)
        limits.breaker.reset()
        client = browser()
        assert enter(client).status_code == 200
        assert "_auth_user_id" in client.session
    assert not [
        record for record in caplog.records if "rosa" in record.getMessage() or "127.0.0" in record.getMessage()
    ]


def test_the_page_of_a_locked_login_speaks_spanish(user: User) -> None:
    with override_settings(LIMITS={"login": Rate(1, 900)}):
        enter(browser(), "a wrong one")
        page = enter(Client(headers={"Accept-Language": "es"}))

    assert page.status_code == 429
    assert '<html lang="es"' in page.content.decode()


def test_right_passwords_lock_nobody_out(user: User) -> None:
    for _ in range(8):
        assert enter(browser()).status_code == 200


def test_redis_holds_neither_the_account_nor_the_address_of_who_mistypes(user: User) -> None:
    enter(browser(), "a wrong one", REMOTE_ADDR="192.0.2.7")

    redis = cache._cache.get_client()
    held = b"\n".join(key + b"=" + redis.get(key) for key in redis.keys("*"))
    assert held
    assert not re.search(rb"rosa|192\.0\.2|wrong", held)


# The accounts: nobody rises.


@pytest.fixture
def administrator(user: User) -> Client:
    make_roles()
    ada = User.objects.create_user("ada", is_staff=True)
    ada.groups.add(Group.objects.get(name="administrator"))
    client = browser()
    log_in(client, ada)
    return client


def account(**fields: Any) -> dict[str, Any]:
    return (
        {"username": "beto", "is_active": "on", "is_staff": "on", "date_joined_0": "2026-01-01"}
        | {"date_joined_1": "12:00:00"}
        | fields
    )


def test_an_administrator_makes_an_account_and_gives_it_a_role(administrator: Client) -> None:
    new = {"username": "beto", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    assert administrator.post("/admin/auth/user/add/", new).status_code == 302
    beto = User.objects.get(username="beto")
    role = Group.objects.get(name="moderator")

    assert administrator.post(f"/admin/auth/user/{beto.pk}/change/", account(groups=[role.pk])).status_code == 302

    beto = User.objects.get(username="beto")
    assert (list(beto.groups.all()), beto.is_staff, beto.is_superuser) == ([role], True, False)


def test_an_administrator_makes_no_superuser_and_gives_nothing_beyond_their_own(administrator: Client) -> None:
    beto = User.objects.create_user("beto")
    beyond = Group.objects.create(name="beyond")
    [right] = beyond.permissions.model.objects.filter(codename="delete_user")
    beyond.permissions.add(right)
    url = f"/admin/auth/user/{beto.pk}/change/"

    page = administrator.get(url).content.decode()
    assert 'name="groups"' in page
    assert not re.search(r'name="(is_superuser|user_permissions)"|beyond', page)
    posted = account(is_superuser="on", user_permissions=[right.pk])
    assert administrator.post(url, posted).status_code == 302
    assert administrator.post(url, account(groups=[beyond.pk])).status_code == 200

    beto = User.objects.get(pk=beto.pk)
    assert (beto.is_superuser, beto.is_staff) == (False, True)
    assert not beto.groups.exists()
    assert not beto.user_permissions.exists()


@pytest.mark.parametrize("how", ["superuser", "inactive superuser", "permission", "inactive with a group"])
def test_an_administrator_takes_over_no_account_that_may_more(administrator: Client, how: str) -> None:
    above = User.objects.create_user(
        "above", is_staff=True, is_superuser="superuser" in how, is_active="inactive" not in how
    )
    TOTPDevice.objects.create(user=above)
    right = Group.permissions.field.related_model.objects.get(codename="delete_user")
    if how == "permission":
        above.user_permissions.add(right)
    if "group" in how:
        above.groups.add(Group.objects.create(name="beyond"))
        Group.objects.get(name="beyond").permissions.add(right)
    before = User.objects.filter(pk=above.pk).values_list().get()

    assert administrator.get(f"/admin/auth/user/{above.pk}/change/").status_code == 200
    for page in ("change", "password", "second-factor"):
        data = account(username="mine", usable_password="true", password1=PASSWORD, password2=PASSWORD)
        assert administrator.post(f"/admin/auth/user/{above.pk}/{page}/", data).status_code == 403

    assert User.objects.filter(pk=above.pk).values_list().get() == before
    assert TOTPDevice.objects.filter(user=above).exists()


def test_a_superuser_may_all_of_it(user: User) -> None:
    client = browser()
    log_in(client, user)
    beto = User.objects.create_user("beto")

    client.post(f"/admin/auth/user/{beto.pk}/change/", account(is_superuser="on"))

    assert User.objects.get(pk=beto.pk).is_superuser


@pytest.mark.parametrize("n", [1, 30])
def test_the_list_of_accounts_asks_as_often_for_thirty_as_for_one(
    administrator: Client, django_assert_num_queries: Any, n: int
) -> None:
    role = Group.objects.get(name="moderator")
    for number in range(n):
        User.objects.create_user(f"person{number}").groups.add(role)

    with django_assert_num_queries(11):  # one of them asks whether the site is paused
        page = administrator.get(f"/admin/auth/user/?role={role.pk}").content.decode()
    assert page.count("person") >= n
    assert administrator.get("/admin/auth/user/?role=x").status_code in (200, 302)
