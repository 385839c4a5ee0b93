"""The start page of staff: how a campaign stands, in numbers and without anybody's name, and what needs them now."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import formats
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django_countries import countries

from campaigns.models import Campaign
from campaigns.sharing import shares
from signatures import funnel, held, overview, pace, plots, reading, tally
from signatures.models import Signature

MAY_SEE = ("signatures.view_signature", "campaigns.view_campaign", "signatures.export_numbers")
COUNTRIES = 15
TICK_HOURS, TICK_DAYS = 12, 15


def context(request: HttpRequest) -> dict[str, Any]:
    """What the page says of the campaign that was asked for, of an open one where none was; empty for who may not."""
    if not any(map(request.user.has_perm, MAY_SEE)):
        return {}
    campaigns = sorted(Campaign.objects.all(), key=lambda campaign: (not campaign.is_open, campaign.slug))
    asked = request.GET.get("campaign", "")
    campaign = next((one for one in campaigns if one.slug == asked), campaigns[0] if campaigns else None)
    if campaign is None:
        return {"start": {"campaigns": []}}
    found = reading.a_little_old(lambda: of(campaign, campaigns))
    return {"start": {"campaigns": campaigns, "campaign": campaign, **found}, "hours_late": held.hours_late()}


def of(campaign: Campaign, campaigns: list[Campaign]) -> dict[str, Any]:
    history = overview.history(campaign)
    signed = overview.signed(campaign)
    goal = campaign.goal_for(history.count)
    oldest = held.oldest(campaign)
    return {
        "history": history,
        "goal": goal,
        "plots": time_plots(history, goal) if signed.states else [],
        "shares": [plot for plot in share_plots(campaign, signed) if plot["plot"].points],
        "providers": [(provider_name(row.name), row) for row in overview.providers(campaign)],
        "letters": overview.letters(),
        "sending": pace.current_pause(),
        "held": held.by_age(campaign),
        "oldest": {"pk": oldest[0], "age": timesince(oldest[1]), "at": oldest[1]} if oldest else None,
        "retention": overview.retention(campaigns),
        "channels": [(channel_names().get(channel, channel), n) for channel, n in overview.channels(campaign)],
        "days": overview.DAYS,
    }


def time_plots(history: overview.History, goal: int) -> list[dict[str, Any]]:
    hours = [(formats.date_format(hour, "D j, H:i"), n) for hour, n in history.hours]
    days = [(formats.date_format(day, "j M Y"), n) for day, n in history.days]
    running = [(formats.date_format(day, "j M Y"), n) for day, n in history.running]
    at_hours = [
        (number, formats.date_format(hour, "D j" if not hour.hour else "H:i"))
        for number, (hour, _n) in enumerate(history.hours)
        if not hour.hour % TICK_HOURS
    ]
    at_days = [
        (number, formats.date_format(day, "j M"))
        for number, (day, _n) in enumerate(history.days)
        if not (len(days) - 1 - number) % TICK_DAYS
    ]
    return [
        named("hours", _("Signatures in each hour of the last two days"), plots.columns(hours, at_hours), _("Hour")),
        named("days", _("Signatures on each day of the last two months"), plots.columns(days, at_days), _("Day")),
        named(
            "running",
            _("All signatures, and the goal of %(goal)s") % {"goal": formats.number_format(goal, force_grouping=True)},
            plots.line(running, at_days, goal),
            _("Day"),
        ),
    ]


def share_plots(campaign: Campaign, signed: overview.Signed) -> list[dict[str, Any]]:
    all_countries = tally.by_country(campaign.pk)
    by_country = [(str(countries.name(code) or code), n) for code, n in all_countries.items()]
    rest = sum(n for _name, n in by_country[COUNTRIES:])
    most = by_country[:COUNTRIES] + ([(_("all others"), rest)] if rest else [])
    languages = dict(settings.LANGUAGES)
    by_language = [(str(languages.get(code, code)), n) for code, n in signed.languages]
    by_state = [(state_name(state, moderation), n) for state, moderation, n in signed.states]
    return [
        named("countries", _("Counted signatures by country"), plots.rows(most), _("Country")),
        named("languages", _("Counted signatures by language"), plots.rows(by_language), _("Language")),
        named("states", _("All signatures by what became of them"), plots.rows(by_state), _("State")),
    ]


def named(key: str, title: str, plot: plots.Plot, heading: str) -> dict[str, Any]:
    return {"key": key, "title": title, "plot": plot, "heading": heading}


def state_name(state: str, moderation: str) -> str:
    """Both answers in one, as short as they can be."""
    if (state, moderation) == (Signature.State.CONFIRMED, Signature.Moderation.CLEAR):
        return _("counted")
    if state == Signature.State.PENDING and moderation == Signature.Moderation.CLEAR:
        return _("not confirmed yet")
    if state == Signature.State.WITHDRAWN:
        return _("withdrawn")
    names = {
        (Signature.State.CONFIRMED, Signature.Moderation.HELD): _("held"),
        (Signature.State.CONFIRMED, Signature.Moderation.REJECTED): _("rejected"),
        (Signature.State.PENDING, Signature.Moderation.HELD): _("held, unconfirmed"),
        (Signature.State.PENDING, Signature.Moderation.REJECTED): _("rejected, unconfirmed"),
    }
    return names[Signature.State(state), Signature.Moderation(moderation)]


def provider_name(provider: str) -> str:
    return funnel.PROVIDERS.get(provider, _("all others"))


def channel_names() -> dict[str, str]:
    return {share.channel: share.label for share in shares("", "")} | {
        "copy": _("copied link"),
        "system": _("the phone’s own way of sharing"),
    }
