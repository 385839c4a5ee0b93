"""What gunicorn serves, once the system checks find nothing wrong."""

import os

from django.core.wsgi import get_wsgi_application

from petition_site import starting
from petition_site.database.patience import limited
from petition_site.requests import Request

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition_site.settings")

site = get_wsgi_application()
site.request_class = Request
starting.check()
application = limited(site)
