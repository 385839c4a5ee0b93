"""The pause of the whole site: while it lasts, no export leaves and no page shows a name.

The last row of the account says how it stands; `services.pause_site` and `services.resume_site` write it.
"""

from django.db.models import Value
from django.db.models.expressions import Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from signatures.models import PauseAct

LAST = Subquery(PauseAct.objects.order_by("-pk").values("action")[:1])

# A condition for a query that is made anyway: PostgreSQL looks once, before it reads the first row.
NOT_PAUSED: "Exact[str]" = Exact(Coalesce(LAST, Value(PauseAct.Action.RESUME)), Value(PauseAct.Action.RESUME))


def current() -> PauseAct | None:
    """The act that paused the site, while it is paused."""
    last = PauseAct.objects.select_related("staff").order_by("-pk").first()
    return last if last is not None and last.action == PauseAct.Action.PAUSE else None


def is_on() -> bool:
    return current() is not None
