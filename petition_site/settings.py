"""The one settings file: everything comes from the environment, and what is not said is safe for production.

`.env.example` names each setting that is read here and says what it is; a test holds the two together.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from csp.constants import NONE, SELF
from django.conf.locale import LANG_INFO
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from petition_site.env import Environment
from signatures import providers

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

# The site

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.secret("SECRET_KEY")
SITE_URL = env.address("SITE_URL", ("https", "http")).rstrip("/")
ALLOWED_HOSTS = [host for host in env.list("ALLOWED_HOSTS", default=[]) if host] or [urlsplit(SITE_URL).hostname]
IS_HTTPS = SITE_URL.startswith("https://")

# The demonstration: a local inbox, a staff account and an organisation that do not exist. `make run` alone sets
# these, and a system check refuses them on any site that is reached from outside.

DEMO = env.bool("DEMO", default=False)
DEMO_PASSWORD = env.str("DEMO_PASSWORD", default="")
INBOX_DIR = env.str("INBOX_DIR", default="")

# Applications

INSTALLED_APPS = [
    "petition_site",
    "signatures",
    "campaigns",
    "petition_site.staff.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "csp",
    "django_countries",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "django_recaptcha",  # its system check refuses Google's test keys
]

MIDDLEWARE = [
    # What each line of a log that is written meanwhile goes by.
    "petition_site.request_ids.named",
    "petition_site.metrics.requests.timed",
    # Pages that everybody gets alike, from memory.
    "petition_site.shared_cache.SharedCache",
    # What every answer carries, static files too.
    "django.middleware.security.SecurityMiddleware",
    "petition_site.middleware.closed_unless_said",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "petition_site.metrics.answer.told_by_token",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "petition_site.middleware.Unavailable",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "petition_site.middleware.cross_origin_protection",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "petition_site.urls"
WSGI_APPLICATION = "petition_site.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "petition_site.context_processors.site",
            ],
        },
    },
]
INSTALLED_APPS += ["django.forms"]  # its templates, which FORM_RENDERER finds beside ours

# Database

PREPARED_STATEMENTS = env.bool("PREPARED_STATEMENTS", default=True)


def postgresql(address: dict[str, Any], **options: Any) -> dict[str, Any]:
    return address | {
        "ENGINE": "petition_site.database",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,  # behind a pooler each transaction may have another session
        "OPTIONS": {
            "connect_timeout": 3,  # seconds
            **address.get("OPTIONS", {}),
            # Values travel apart from the statement: an error that PostgreSQL logs then carries nobody's address.
            "server_side_binding": True,
            # After so many times a connection has PostgreSQL keep the plan of a statement; None: never.
            "prepare_threshold": 5 if PREPARED_STATEMENTS else None,
            **options,
        },
    }


DATABASES = {"default": postgresql(env.database("DATABASE_URL"))}
if env.str("DATABASE_REPLICA_URL", default=""):
    # Half a second at the most for each statement, so that the primary can still be asked.
    DATABASES["replica"] = postgresql(env.database("DATABASE_REPLICA_URL"), patience=0.5)
DATABASE_ROUTERS = ["signatures.reading.Router"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Cache and Celery: one Redis, two logical databases. Signing goes on without it, so no call to it may wait long.

REDIS_URL = env.address("REDIS_URL", ("redis", "rediss"))
REDIS_TIMEOUT = 0.25  # seconds
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": REDIS_TIMEOUT, "socket_timeout": REDIS_TIMEOUT},
    }
}


def next_logical_database(url: str) -> str:
    """The same Redis, one logical database further: `redis://host/0` gives `redis://host/1`."""
    parts = urlsplit(url)
    number = parts.path.strip("/") or "0"
    if not number.isdigit():
        raise ImproperlyConfigured("REDIS_URL must end in the number of a logical database: redis://host:6379/0")
    return urlunsplit(parts._replace(path=f"/{int(number) + 1}"))


CELERY_BROKER_URL = (
    env.address("BROKER_URL", ("redis", "rediss")) if "BROKER_URL" in env else next_logical_database(REDIS_URL)
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for Redis however long it is away
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": REDIS_TIMEOUT,
    "socket_timeout": 5,  # a worker waits for its next task in slices of a second
    "max_retries": 0,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    # Finds the letters whose nudge was lost.
    "sweep-letters": {"task": "signatures.tasks.send_letters", "schedule": 5, "options": {"expires": 5}},
    "give-up-letters": {"task": "signatures.tasks.give_up_letters", "schedule": 60, "options": {"expires": 60}},
    "write-reminders": {"task": "signatures.tasks.write_reminders", "schedule": 60, "options": {"expires": 60}},
    "keep-retention": {"task": "signatures.tasks.keep_retention", "schedule": 60, "options": {"expires": 60}},
    # Each begins no batch after ten seconds, and more than one may be at it.
    "work-bulk-jobs": {"task": "signatures.tasks.work_bulk_jobs", "schedule": 5, "options": {"expires": 5}},
    "work-deliveries": {"task": "signatures.tasks.work_deliveries", "schedule": 5, "options": {"expires": 5}},
    "raise-alarms": {"task": "signatures.tasks.raise_alarms", "schedule": 3600, "options": {"expires": 600}},
    "find-clusters": {"task": "signatures.tasks.find_clusters", "schedule": 300, "options": {"expires": 300}},
    # What people took back, into files beside the backups.
    "write-out-retractions": {
        "task": "signatures.tasks.write_out_retractions",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "recount": {"task": "signatures.tasks.recount", "schedule": 600, "options": {"expires": 600}},
    "fold-counts": {"task": "signatures.tasks.fold_counts", "schedule": 5, "options": {"expires": 5}},
}

# Letters

MAIL = env.mail_server("EMAIL_URL")
EMAIL_TIMEOUT = 20  # seconds for each answer of the mail server
MAIL_PROVIDER: str = MAIL.pop("MAIL_PROVIDER")  # by whose own interface they go; empty: by SMTP
# Who reports at /mail/reports/ what became of them. Without one there is no such address.
MAIL_WEBHOOK, REPORTING = env.mail_webhook("MAIL_WEBHOOK")
ANYMAIL = {
    **MAIL.pop("ANYMAIL"),
    **REPORTING,
    "REQUESTS_TIMEOUT": EMAIL_TIMEOUT,
    "SEND_DEFAULTS": providers.UNTRACKED,
    "POSTMARK_SEND_DEFAULTS": providers.OF_POSTMARK,
}
vars().update(MAIL)
DEFAULT_FROM_EMAIL = env.sender("DEFAULT_FROM_EMAIL")
LETTERS_PER_MINUTE = env.number("LETTERS_PER_MINUTE", default=0)  # by all workers together; 0: no limit

# Signatures

ADDRESS_KEY = env.secret("ADDRESS_KEY")
CONFIRMATION_MAX_AGE = 14 * 24 * 60 * 60  # seconds from the sending of the letter
CONFIRMATION_LETTERS_PER_ADDRESS = 5  # a day and campaign
BACKUP_DIR = env.str("BACKUP_DIR", default="")
BACKUP_RECIPIENTS = env.public_keys("BACKUP_RECIPIENTS")
BACKUP_DAYS = env.number("BACKUP_DAYS", default=30)  # after which whoever runs the site deletes a backup
REMEMBERED_FOR = 1  # second: how long a process may go by a campaign's words as it has read them
# A list of more than a thousand names leaves only with a second person's yes.
EXPORT_APPROVAL = env.bool("EXPORT_APPROVAL", default=not DEMO)

# Limits, most of them for each network and campaign. A mobile network may put thousands of people behind one address:
# so signing beyond its limit raises doubt, and is refused only beyond LIMIT_..._MOST. The others lie above what such a
# network does in a busy hour: say a thousand sign, of whom one in ten asks for the letter again and few mistype a code.
# Who meets a limit on codes still has the link in the letter.

TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", default=0)
LIMITS = {
    "sign": env.rate("LIMIT_SIGN", default="100/h"),
    # With addresses of one mail domain; at large providers, of one mailbox. Of a day, so that no new window begins for
    # it in the midst of a crowd.
    "sign_domain": env.rate("LIMIT_SIGN_DOMAIN", default="20/d"),
    "sign_name": env.rate("LIMIT_SIGN_NAME", default="20/h"),  # under one name
    "sign_campaign": env.rate("LIMIT_SIGN_CAMPAIGN", default="6000/m"),  # from everywhere
    "challenge": env.rate("LIMIT_CHALLENGE", default="600/h"),  # solutions looked at
    # What one network may have sent to one address, of one kind of letter: less than what an address gets in all, so
    # that nobody can use up another's share.
    "letters": env.rate("LIMIT_LETTERS", default="3/d"),
    "code": env.rate("LIMIT_CODE", default="30/h"),  # wrong ones: thirty guesses at a million codes
    "resend": env.rate("LIMIT_RESEND", default="120/h"),  # what a single address gets is capped besides
    "page_link": env.rate("LIMIT_PAGE_LINK", default="60/h"),  # asked for days after signing, hence by few at once
    "second_look": env.rate("LIMIT_SECOND_LOOK", default="300/h"),  # each is one for each decision besides
    "login": env.rate("LIMIT_LOGIN", default="5/15m"),  # wrong passwords, for each account and network
    "api": env.rate("LIMIT_API", default="600/m"),  # for each network
}
# In the same time as the limit beyond which there is doubt.
SIGN_MOST = env.number("LIMIT_SIGN_MOST", default=20_000, at_least=LIMITS["sign"].times)
SIGN_DOMAIN_MOST = env.number("LIMIT_SIGN_DOMAIN_MOST", default=5_000, at_least=LIMITS["sign_domain"].times)

# What is noticed about an attempt to sign, and what it leads to: nothing, a challenge, or being held until somebody has
# looked. docs/security.md explains each name.

SIGNALS = env.signal_table(
    "SIGNALS",
    default=(
        "crowd=challenge rush=challenge honeypot=challenge crowd+one_domain=hold crowd+one_name=hold"
        " crowd+disposable=hold crowd+honeypot=hold rush+one_domain=hold"
    ),
)

# Challenges for whoever is doubted: Google's where both keys are set, else one that asks nobody else.

RECAPTCHA_PUBLIC_KEY = env.beside("RECAPTCHA_PUBLIC_KEY", "RECAPTCHA_PRIVATE_KEY")
RECAPTCHA_PRIVATE_KEY = env.beside("RECAPTCHA_PRIVATE_KEY", "RECAPTCHA_PUBLIC_KEY")
RECAPTCHA_VERSION = env.one_of("RECAPTCHA_VERSION", ("2", "3"))
RECAPTCHA_SCORE = env.share("RECAPTCHA_SCORE", default=0.5)
RECAPTCHA_DOMAIN = env.one_of("RECAPTCHA_DOMAIN", ("www.google.com", "www.recaptcha.net"))
RECAPTCHA_VERIFIER = RECAPTCHA_DOMAIN  # whom we ask what an answer is worth

# Languages. English and Spanish are whole; a campaign can be published in the others too, whose interface says in the
# language of INTERFACE_FALLBACKS what their catalogues do not say yet. docs/translating.md tells how to add one.

LANGUAGE_CODE = "es"
LANGUAGES = [("es", _("Spanish")), ("en", _("English")), ("qu", _("Quechua")), ("ay", _("Aymara"))]
INTERFACE_FALLBACKS = {"qu": "es", "ay": "es"}
LANG_INFO |= {  # Django knows neither
    "qu": {"bidi": False, "code": "qu", "name": "Quechua", "name_local": "Runasimi"},
    "ay": {"bidi": False, "code": "ay", "name": "Aymara", "name_local": "Aymar aru"},
}
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "America/Lima"
COUNTRIES_FIRST = ["PE"]
COUNTRIES_FIRST_REPEAT = True

# Static files

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_ALLOW_ALL_ORIGINS = False  # they are for our own pages
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},  # nothing is uploaded
    "staticfiles": {"BACKEND": "petition_site.static_files.StaticFiles"},
}

# Security

SILENCED_SYSTEM_CHECKS = ["security.W008"]  # plain requests are redirected by the proxy, which alone sees them
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"  # `no-referrer` makes browsers post with `Origin: null`
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # not in a cookie of their own
SESSION_COOKIE_AGE = 12 * 60 * 60  # seconds
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
    }
}
# What reaches a person, a device or a network, and no page of ours uses. Only what browsers know on every machine: they
# warn in their console of any other.
NEEDED_NOWHERE = (
    "accelerometer autoplay browsing-topics camera clipboard-read display-capture encrypted-media fullscreen gamepad"
    " geolocation gyroscope hid identity-credentials-get idle-detection local-fonts magnetometer microphone midi"
    " otp-credentials payment picture-in-picture publickey-credentials-create publickey-credentials-get"
    " screen-wake-lock serial storage-access usb window-management xr-spatial-tracking"
)
PERMISSIONS_POLICY: dict[str, list[str]] = {feature: [] for feature in NEEDED_NOWHERE.split()}
PERMISSIONS_POLICY["clipboard-write"] = ["self"]  # the button that copies a link
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024  # bytes; the largest form of visitors has a few hundred
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]

# Staff: besides the password a code of an authenticator app, or a recovery code. A system check lets nobody leave it
# out on a site that is reached from outside.

LOGIN_REDIRECT_URL = "admin:index"  # in the place of one that leads to another site
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", default=True)
ALARMS_TO = env.addressees("ALARMS_TO")  # of the staff, for what cannot wait
OTP_TOTP_ISSUER = urlsplit(SITE_URL).hostname  # what the app calls this account

# Logs: to standard error, and never with an address, a name or a token in them. What Django says of a request is
# rewritten where it is said, so that no handler that somebody adds gets to see it otherwise; its reports likewise.

# A line of JSON for each event, or one for people to read.
LOG_FORMAT = env.log_format("LOG_FORMAT")
DEFAULT_EXCEPTION_REPORTER = "petition_site.reports.Report"
# Errors besides to a Sentry, as the log tells of them.
SENTRY_DSN = env.address("SENTRY_DSN", ("https", "http"), is_needed=False)
if SENTRY_DSN and not find_spec("sentry_sdk"):
    raise ImproperlyConfigured("SENTRY_DSN is set, but sentry-sdk is not installed: install the site's extra “sentry”.")

# Numbers for Prometheus at /metrics, for whoever sends this token; without one there is no such address.
METRICS_TOKEN = env.secret("METRICS_TOKEN", is_needed=False)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "one_line_for_refusals": {"()": "petition_site.logs.OneLineForRefusals"},
        "without_tokens": {"()": "petition_site.logs.WithoutTokens"},
    },
    "formatters": {
        "json": {"()": "petition_site.logs.AsJson"},
        "plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["one_line_for_refusals", "without_tokens"],
        },
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "django.request": {"filters": ["without_tokens"]},
        "django.security.csrf": {"filters": ["without_tokens"]},
        "django.security.DisallowedHost": {"filters": ["without_tokens"]},
    },
}
if SENTRY_DSN:
    LOGGING["handlers"]["sentry"] = {
        "class": "petition_site.sentry.Handler",
        "filters": ["one_line_for_refusals", "without_tokens"],
    }
    LOGGING["root"]["handlers"].append("sentry")
