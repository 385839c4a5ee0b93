"""How gunicorn runs the site: `gunicorn --config python:petition_site.gunicorn_conf petition_site.wsgi`."""

from django.conf import settings
from gunicorn.config import Config
from gunicorn.glogging import Logger

from petition_site.logs import AsJson, WithoutTokens

accesslog = None  # it would hold addresses and tokens


class Log(Logger):
    """Its own log passes the filter too: gunicorn writes who has sent a malformed request, and what for."""

    filter = WithoutTokens()

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        self.error_log.addFilter(self.filter)
        if settings.LOG_FORMAT == "json":
            for handler in self.error_log.handlers:
                handler.setFormatter(AsJson())


logger_class = Log
