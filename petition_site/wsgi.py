"""What gunicorn serves, once the system checks find nothing wrong."""

import os

from django.core.wsgi import get_wsgi_application

from petition_site import starting
from petition_site.requests import Request

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition_site.settings")

application = get_wsgi_application()
application.request_class = Request
starting.check()
