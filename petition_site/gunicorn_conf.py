"""How gunicorn runs the site: `gunicorn --config python:petition_site.gunicorn_conf petition_site.wsgi`."""

from gunicorn.arbiter import Arbiter

from petition_site.logs import WithoutTokens

accesslog = None  # it would hold addresses and tokens


def on_starting(server: Arbiter) -> None:
    """Its own log passes the filter too: gunicorn writes who has sent a malformed request, and what for."""
    server.log.error_log.addFilter(WithoutTokens())
