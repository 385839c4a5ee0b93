"""Settings come from the environment, are named in `.env.example`, and stop the start when they are wrong."""

import os
import re
import runpy
import subprocess
import sys
import traceback
from ast import literal_eval
from pathlib import Path
from unittest.mock import patch

import pytest
from django.core.exceptions import ImproperlyConfigured
from django_recaptcha.constants import TEST_PRIVATE_KEY, TEST_PUBLIC_KEY

ROOT = Path(__file__).parents[2]
GOOD = {
    "SECRET_KEY": "s-of-the-tests-only-" * 3,
    "ADDRESS_KEY": "a-of-the-tests-only-" * 3,
    "SITE_URL": "https://petition.example.org",
    "DATABASE_URL": "postgresql://user:secretpassword@localhost/petition",
    "REDIS_URL": "redis://localhost:6379/0",
    "EMAIL_URL": "smtp+tls://user:secretpassword@mail.example.org:587",
    "DEFAULT_FROM_EMAIL": "petition@example.org",
}


def whole(environment: dict[str, str | None]) -> dict[str, str]:
    values = {name: value for name, value in (GOOD | environment).items() if value is not None}
    return {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "petition_site.settings", **values}


def run(program: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=whole(environment),
        capture_output=True,
        text=True,
        check=False,
    )


def start(**environment: str | None) -> subprocess.CompletedProcess[str]:
    return run("import django; django.setup(); print('started')", **environment)


def refusal(**environment: str | None) -> list[str]:
    """The lines that a start ends with. The settings are read in this process: a start takes a second, and there are
    many ways to be wrong."""
    with patch.dict(os.environ, whole(environment), clear=True), pytest.raises(ImproperlyConfigured) as refused:
        runpy.run_path(str(ROOT / "petition_site" / "settings.py"))
    return "".join(traceback.format_exception(refused.value)).splitlines()


def test_env_example_names_each_setting_that_is_read_and_no_other() -> None:
    source = (ROOT / "petition_site/settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))
    named = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))

    assert len(read) > 10
    assert named == read


def test_code_asks_settings_and_not_the_environment() -> None:
    for folder in ("campaigns", "signatures"):
        for path in (ROOT / folder).rglob("*.py"):
            assert "os.environ" not in path.read_text(encoding="utf-8"), path


def test_the_site_starts_with_its_settings() -> None:
    done = start()

    assert (done.stdout, done.stderr) == ("started\n", "")


@pytest.mark.parametrize(
    ("site_url", "names"),
    [("https://petition.example.org", "__Host-signed __Host-confirmed"), ("http://localhost:8000", "signed confirmed")],
)
def test_cookies_are_kept_to_this_host_where_there_is_tls(site_url: str, names: str) -> None:
    done = run(
        "import django; django.setup(); from signatures.views import answers;"
        " print(answers.SIGNED_HERE, answers.CONFIRMED_HERE)",
        SITE_URL=site_url,
    )

    assert (done.stdout, done.stderr) == (f"{names}\n", "")


def test_a_wrong_setting_stops_the_start() -> None:
    done = start(DEBUG="maybe")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == refusal(DEBUG="maybe")[-1]


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_setting_is_refused_with_its_name(name: str) -> None:
    assert refusal(**{name: None})[-1] == (
        f"django.core.exceptions.ImproperlyConfigured: {name} is not set. "
        "Set it in the environment; .env.example says what it is."
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DEBUG", "maybe", "DEBUG must be true or false."),
        ("SECRET_KEY", "short", "SECRET_KEY is too short: it needs 50 random characters or more (see .env.example)."),
        ("ADDRESS_KEY", "short", "ADDRESS_KEY is too short: it needs 50 random characters or more (see .env.example)."),
        (
            "SITE_URL",
            "petition.example.org",
            "SITE_URL must be an address like https://… with a host (see .env.example).",
        ),
        (
            "SITE_URL",
            "ftp://petition.example.org",
            "SITE_URL must be an address like https://… with a host (see .env.example).",
        ),
        ("DATABASE_URL", "sqlite:///x.db", "DATABASE_URL must be an address like postgresql://… with a host"),
        ("DATABASE_URL", "postgresql://u:p@host:port/x", "DATABASE_URL must be an address like postgresql://…"),
        ("REDIS_URL", "localhost", "REDIS_URL must be an address like redis://… with a host (see .env.example)."),
        (
            "REDIS_URL",
            "redis://localhost/petition",
            "REDIS_URL must end in the number of a logical database: redis://host:6379/0",
        ),
        ("LETTERS_PER_MINUTE", "-1", "LETTERS_PER_MINUTE must be a whole number, 0 or more (see .env.example)."),
        ("ALARMS_TO", "one@example.org, two", "ALARMS_TO must be email addresses like staff@example.org"),
        ("LETTERS_PER_MINUTE", "many", "LETTERS_PER_MINUTE must be a whole number, 0 or more (see .env.example)."),
        (
            "EMAIL_URL",
            "carrier-pigeon://x",
            "EMAIL_URL must be an address like smtp://… with a host (see .env.example).",
        ),
        (
            "EMAIL_URL",
            "anymail://pigeon?key=secretpassword",
            "EMAIL_URL: it must be like anymail://NAME?…, with one of",
        ),
        ("EMAIL_URL", "anymail://postmark", "EMAIL_URL: postmark needs server_token (see .env.example)."),
        ("EMAIL_URL", "anymail://postmark?server_token=", "EMAIL_URL: postmark needs server_token"),
        (
            "EMAIL_URL",
            "anymail://postmark?server_token=secretpassword&track_opens=true",
            "EMAIL_URL: postmark takes server_token, message_stream, api_url and nothing else",
        ),
        (
            "EMAIL_URL",
            "anymail://mailgun?api_key=secretpassword&api_url=http://api.example.org/",
            "EMAIL_URL: api_url must begin with https://",
        ),
        (
            "EMAIL_URL",
            "anymail://brevo?api_key=secretpassword",
            "EMAIL_URL: brevo cannot be told with each letter not to track it: take its SMTP",
        ),
        ("EMAIL_URL", "anymail://postmark?server_token=secretpassword#x", "EMAIL_URL: it must be like anymail://NAME"),
        ("EMAIL_URL", "anymail://[?server_token=secretpassword", "EMAIL_URL: it is no address"),
        ("MAIL_WEBHOOK", "https://petition.example.org/mail/reports/", "MAIL_WEBHOOK: it must be like anymail://NAME"),
        ("MAIL_WEBHOOK", "anymail://postmark", "MAIL_WEBHOOK: postmark needs webhook_secret (see .env.example)."),
        (
            "MAIL_WEBHOOK",
            "anymail://postmark?webhook_secret=name:secretpassword",
            "MAIL_WEBHOOK: webhook_secret must be a name, a colon and 50 random characters or more",
        ),
        (
            "MAIL_WEBHOOK",
            f"anymail://postmark?webhook_secret={'secretpassword' * 5}",
            "MAIL_WEBHOOK: webhook_secret must be a name, a colon and 50 random characters or more",
        ),
        (
            "MAIL_WEBHOOK",
            f"anymail://mailgun?webhook_secret=name:{'secretpassword' * 5}",
            "MAIL_WEBHOOK: mailgun needs webhook_signing_key (see .env.example).",
        ),
        (
            "MAIL_WEBHOOK",
            f"anymail://mailersend?webhook_secret=name:{'secretpassword' * 5}",
            "MAIL_WEBHOOK: mailersend needs signing_secret (see .env.example).",
        ),
        ("TRUSTED_PROXY_COUNT", "-1", "TRUSTED_PROXY_COUNT must be a whole number, 0 or more (see .env.example)."),
        ("TRUSTED_PROXY_COUNT", "nginx", "TRUSTED_PROXY_COUNT must be a whole number, 0 or more (see .env.example)."),
        ("LIMIT_CODE", "30", "LIMIT_CODE must be a rate like 30/h or 10/5m (see .env.example)."),
        ("LIMIT_RESEND", "0/h", "LIMIT_RESEND must be a rate like 30/h or 10/5m (see .env.example)."),
        ("LIMIT_SIGN_MOST", "99", "LIMIT_SIGN_MOST must be a whole number, 100 or more (see .env.example)."),
        ("SIGNALS", "crowd", "SIGNALS: “crowd” is not like crowd+one_domain=hold (see .env.example)."),
        ("SIGNALS", "crow=hold", "SIGNALS: “crow” is none of crowd, rush, one_domain, one_name, disposable, honeypot"),
        ("SIGNALS", "crowd+rush=refuse", "SIGNALS: “refuse” is none of nothing, challenge, hold (see .env.example)."),
        ("SIGNALS", "crowd=hold", "SIGNALS: “crowd=hold”: one signal alone may not hold anybody (see .env.example)."),
        (
            "RECAPTCHA_PUBLIC_KEY",
            "a-key",
            "RECAPTCHA_PRIVATE_KEY is not set, but RECAPTCHA_PUBLIC_KEY is: set both or neither (see .env.example).",
        ),
        (
            "RECAPTCHA_PRIVATE_KEY",
            "secretpassword",
            "RECAPTCHA_PUBLIC_KEY is not set, but RECAPTCHA_PRIVATE_KEY is: set both or neither (see .env.example).",
        ),
        ("RECAPTCHA_VERSION", "1", "RECAPTCHA_VERSION must be 2 or 3 (see .env.example)."),
        ("RECAPTCHA_SCORE", "50", "RECAPTCHA_SCORE must be a number from 0 to 1, like 0.5 (see .env.example)."),
        ("RECAPTCHA_SCORE", "nan", "RECAPTCHA_SCORE must be a number from 0 to 1, like 0.5 (see .env.example)."),
        (
            "RECAPTCHA_DOMAIN",
            "localhost:8000",
            "RECAPTCHA_DOMAIN must be www.google.com or www.recaptcha.net (see .env.example).",
        ),
        ("LOG_FORMAT", "xml", "LOG_FORMAT must be json or plain (see .env.example)."),
        ("METRICS_TOKEN", "secretpassword", "METRICS_TOKEN is too short: it needs 50 random characters or more"),
        ("SENTRY_DSN", "sentry.example.org", "SENTRY_DSN must be an address like https://… with a host"),
        ("LIMIT_PAGE_LINK", "30/0h", "LIMIT_PAGE_LINK must be a rate like 30/h or 10/5m (see .env.example)."),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name_and_what_to_do(name: str, value: str, message: str) -> None:
    said = refusal(**{name: value})

    assert message in said[-1]
    assert "secretpassword" not in "\n".join(said)


def test_a_provider_s_keys_are_read_as_they_are_and_no_letter_is_tracked() -> None:
    done = run(
        "import django; django.setup(); from django.conf import settings as s;"
        " print(s.EMAIL_BACKEND, s.MAIL_PROVIDER, s.MAIL_WEBHOOK); print(s.ANYMAIL)",
        EMAIL_URL="anymail://mailgun?api_key=a+b/c==&sender_domain=mg.example.org",
        MAIL_WEBHOOK=f"anymail://mailgun?webhook_secret=name:{'x%40' * 50}&webhook_signing_key=k+%2B",
    )

    assert done.stderr == ""
    names, values = done.stdout.splitlines()
    assert names == "signatures.interfaces.Backend mailgun mailgun"
    told = literal_eval(values)
    assert told["SEND_DEFAULTS"] == {"track_clicks": False, "track_opens": False}
    assert {name: value for name, value in told.items() if name.startswith(("MAILGUN", "WEBHOOK"))} == {
        "MAILGUN_API_KEY": "a+b/c==",
        "MAILGUN_SENDER_DOMAIN": "mg.example.org",
        "MAILGUN_WEBHOOK_SIGNING_KEY": "k++",
        "WEBHOOK_SECRET": f"name:{'x@' * 50}",
    }


def test_a_provider_without_anymail_stops_the_start() -> None:
    done = run(
        "import sys, importlib.util as u; find = u.find_spec;"
        " u.find_spec = lambda name: None if name == 'anymail' else find(name);"
        " import django; django.setup()",
        EMAIL_URL="anymail://postmark?server_token=secretpassword",
    )

    assert done.stderr.splitlines()[-1] == (
        "django.core.exceptions.ImproperlyConfigured: EMAIL_URL names a mail provider, but django-anymail is not"
        " installed: install the site's extra “providers”."
    )


def test_without_a_provider_anymail_is_not_loaded() -> None:
    done = run(
        "import django; django.setup(); import sys; from petition_site import urls;"
        " print(sorted({'anymail', 'requests'} & sys.modules.keys()))"
    )

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_each_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    """With the end of line that editors and `echo` leave; and the processes that the site starts do not inherit it."""
    values = GOOD | {
        "MAIL_WEBHOOK": f"anymail://postmark?webhook_secret=name:{'x' * 50}",
        "BROKER_URL": "redis://localhost:6379/7",
        "DEMO_PASSWORD": "secretpassword",
        "RECAPTCHA_PUBLIC_KEY": "public",
        "RECAPTCHA_PRIVATE_KEY": "private",
    }
    files: dict[str, str | None] = dict.fromkeys(values)
    for name, value in values.items():
        (tmp_path / name).write_text(f"{value}\n")
        files[f"{name}_FILE"] = str(tmp_path / name)
    program = (
        "import django; django.setup(); from django.conf import settings;"
        " print({name: getattr(settings, name) for name in dir(settings) if name.isupper()})"
    )
    same_order = {"PYTHONHASHSEED": "0"}

    by_file = run(f"{program}; import os; print({set(values)} & os.environ.keys())", **files, **same_order)

    assert (by_file.stdout, by_file.stderr) == (run(program, **values, **same_order).stdout + "set()\n", "")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "DATABASE_URL_FILE names {}, which cannot be read (No such file or directory): put the value of"),
        (b" \n", "DATABASE_URL_FILE names {}, which is empty: put the value of DATABASE_URL there."),
        (
            b"\xff\xfe",
            "DATABASE_URL_FILE names {}, which cannot be read (it is no text): put the value of DATABASE_URL",
        ),
        (b"secretpassword", "DATABASE_URL must be an address like"),
    ],
    ids=["missing", "empty", "no text", "wrong"],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_name_and_what_to_do(
    content: bytes | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "value"
    if content is not None:
        path.write_bytes(content)

    said = refusal(DATABASE_URL=None, DATABASE_URL_FILE=str(path))

    assert message.format(path) in said[-1]
    assert "secretpassword" not in "\n".join(said)


def test_a_directory_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    """What Docker makes of a file that is to be mounted and is not there."""
    said = refusal(SECRET_KEY=None, SECRET_KEY_FILE=str(tmp_path))

    assert f"SECRET_KEY_FILE names {tmp_path}, which cannot be read (Is a directory)" in said[-1]


def test_a_setting_that_is_given_both_ways_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "value"
    file.write_text(GOOD["SECRET_KEY"])

    said = refusal(SECRET_KEY_FILE=str(file))
    assert said[-1].endswith("SECRET_KEY and SECRET_KEY_FILE are both set: take one of them out.")

    # An empty one is none: so a file of settings may name all of them.
    assert start(SECRET_KEY="", SECRET_KEY_FILE=str(file), ADDRESS_KEY_FILE="").stdout == "started\n"


def test_env_example_says_how_a_setting_stands_in_a_file() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")

    assert "SECRET_KEY_FILE=/run/secrets/secret_key" in example


def test_limits_and_proxies_are_read_as_numbers() -> None:
    program = (
        "from django.conf import settings;"
        "print(settings.TRUSTED_PROXY_COUNT, *(tuple(settings.LIMITS[name]) for name in"
        " ('code', 'resend', 'page_link', 'login')))"
    )

    assert run(program).stdout == "0 (30, 3600) (120, 3600) (60, 3600) (5, 900)\n"
    done = run(program, TRUSTED_PROXY_COUNT=" 2", LIMIT_CODE="10/5m", LIMIT_RESEND="1/s", LIMIT_PAGE_LINK="500/2d")
    assert done.stdout == "2 (10, 300) (1, 1) (500, 172800) (5, 900)\n"


@pytest.mark.parametrize(
    ("environment", "challenge"),
    [
        ({}, "Altcha"),
        ({"RECAPTCHA_PUBLIC_KEY": "", "RECAPTCHA_PRIVATE_KEY": " "}, "Altcha"),
        ({"RECAPTCHA_PUBLIC_KEY": "one", "RECAPTCHA_PRIVATE_KEY": "two"}, "Recaptcha"),
    ],
)
def test_both_keys_of_google_bring_its_challenge(environment: dict[str, str], challenge: str) -> None:
    program = (
        "import django; django.setup(); from signatures import challenges; print(type(challenges.current()).__name__)"
    )

    assert run(program, **environment).stdout == f"{challenge}\n"


def test_the_site_does_not_start_with_googles_test_keys() -> None:
    """They let everybody pass. By the package's own names, so that a change of theirs is met here."""
    program = "import django; django.setup(); from django.core.management import call_command; call_command('check')"

    done = run(program, RECAPTCHA_PUBLIC_KEY=TEST_PUBLIC_KEY, RECAPTCHA_PRIVATE_KEY=TEST_PRIVATE_KEY)

    assert done.returncode != 0
    assert "django_recaptcha.recaptcha_test_key_error" in done.stderr


def test_the_deployment_check_finds_nothing() -> None:
    program = (
        "import django; django.setup(); from django.core.management import call_command;"
        "call_command('check', deploy=True, fail_level='INFO')"
    )
    done = run(program)

    assert (done.returncode, done.stdout) == (0, "System check identified no issues (1 silenced).\n"), done.stderr


@pytest.mark.parametrize(
    ("environment", "error"),
    [
        ({"DEMO": "true"}, "site.E001"),
        ({"DEBUG": "true"}, "site.E001"),
        ({"DEMO": "true", "SITE_URL": "http://localhost", "ALLOWED_HOSTS": "petition.example.org"}, "site.E001"),
        ({"INBOX_DIR": "/var/lib/inbox"}, "site.E002"),
        ({"SITE_URL": "http://petition.example.org"}, "site.E003"),
    ],
)
def test_a_demonstration_can_not_be_reached_from_outside(environment: dict[str, str], error: str) -> None:
    program = "import django; django.setup(); from django.core.management import call_command; call_command('check')"
    done = run(program, **environment)

    assert done.returncode != 0
    assert error in done.stderr
