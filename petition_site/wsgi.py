"""What gunicorn serves, once the system checks find nothing wrong."""

import os

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition_site.settings")

application = get_wsgi_application()
call_command("check", verbosity=0)
