"""The stamp on a signature, for staff: the delivery that it is in, and as what it was handed over."""

from django.utils import formats
from django.utils.translation import gettext, gettext_lazy

from signatures.deliveries import signer
from signatures.deliveries.signer import How
from signatures.models import Signature
from signatures.visibility import Output, allowed

WITHOUT_A_NUMBER = {
    How.NUMBER: gettext_lazy("as a number only"),
    How.NO_NAME: gettext_lazy("without the name"),
    How.NOTHING: gettext_lazy("taken out before"),
    How.FORGOTTEN: gettext_lazy("erased, and nothing tells any more as what"),
}


def of(signature: Signature) -> str:
    """One query. The number leads to a name in the list: where staff may not see that, they do not see this either."""
    delivered = signer.of(signature)
    if delivered is None:
        return ""
    day = formats.date_format(delivered.day)
    if delivered.handed_over_on is None:
        return gettext("delivery of {day}, not handed over yet").format(day=day)
    on = formats.date_format(delivered.handed_over_on)
    stamp = gettext("delivery of {day}, handed over on {on}").format(day=day, on=on)
    if not delivered.is_named:
        return f"{stamp}: {WITHOUT_A_NUMBER[delivered.how]}"
    if signature.visibility not in allowed("name", Output.ADMIN):
        return stamp
    return f"{stamp}: " + gettext("number {number} of the list").format(number=delivered.number)
