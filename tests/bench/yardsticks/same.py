"""The site's own settings, for a project that differs in having a constant page besides."""

from petition_site.settings import *  # noqa: F403  (a settings file is read whole)

ROOT_URLCONF = "tests.bench.yardsticks.same_addresses"
