"""What a process counts for Prometheus while it works. A label holds a word of ours: nobody's data, and few of them.

Under gunicorn the processes of a machine count into files of one folder, and any of them answers with the sums
(petition_site/gunicorn_conf.py); elsewhere what is counted goes with the process.
"""

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter

OF_PROCESS = CollectorRegistry()

LIMITS_CROSSED = Counter(
    "petition_limits_crossed",
    "Requests beyond a limit, by its name in the settings; sign_most and sign_domain_most were refused.",
    ["limit"],
    registry=OF_PROCESS,
)
BREAKER_OPENED = Counter(
    "petition_breaker_opened",
    "How often something did not answer and was then left alone for five seconds, by who had asked.",
    ["by"],
    registry=OF_PROCESS,
)

LETTERS_REPORTED = Counter(
    "petition_letters_reported",
    "What the mail provider has reported of letters that it took, each as often as it did.",
    ["kind"],
    registry=OF_PROCESS,
)

# What has not happened yet is 0 and not missing: rules compare with it.
for _name in (*settings.LIMITS, "sign_most", "sign_domain_most"):
    LIMITS_CROSSED.labels(_name)
