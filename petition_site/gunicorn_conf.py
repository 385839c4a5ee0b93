"""How gunicorn runs the site: `gunicorn --config python:petition_site.gunicorn_conf petition_site.wsgi`."""

import os
import shutil
import tempfile

from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from gunicorn.glogging import Logger

from petition_site.env import Environment
from petition_site.logs import AsJson, WithoutTokens

accesslog = None  # it would hold addresses and tokens


class Log(Logger):
    """Its own log passes the filter too: gunicorn writes who has sent a malformed request, and what for.

    It has no settings of Django's yet, which the application makes in each process.
    """

    filter = WithoutTokens()

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        self.error_log.addFilter(self.filter)
        if Environment().log_format("LOG_FORMAT") == "json":
            for handler in self.error_log.handlers:
                handler.setFormatter(AsJson())


logger_class = Log

# Where its processes count, so that whichever is asked answers for all of them: prometheus_client sees to it where this
# names a folder when it is imported. The folder goes with this gunicorn: Prometheus knows that counters begin anew.
# In memory where the machine has a place for that: a file that is written through memory ends its process when the
# disk is full.
IN_MEMORY = "/dev/shm"  # noqa: S108  (a folder of our own is made in it)
COUNTED_IN = tempfile.mkdtemp(prefix="petition-metrics-", dir=IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = COUNTED_IN


def on_exit(server: Arbiter) -> None:
    shutil.rmtree(COUNTED_IN, ignore_errors=True)
