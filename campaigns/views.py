"""The pages of campaigns: the way in, the list, and the page with the words."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import add_never_cache_headers, patch_cache_control
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Campaign, CampaignText, ConsentText
from campaigns.models.text import CampaignTextQuerySet
from campaigns.remembered import for_a_moment


def find_text(slug: str) -> CampaignText:
    """The words of a published campaign in the language of the address. Raises Http404."""
    text = for_a_moment(
        ("text", translation.get_language(), slug), lambda: published_here().filter(campaign__slug=slug).first()
    )
    if text is None:
        raise Http404
    return text


def find_consent(text: CampaignText) -> ConsentText | None:
    """What whoever signs in the language of these words agrees to."""
    key = ("consent", text.language, text.campaign_id)
    return for_a_moment(key, lambda: ConsentText.objects.current(text.campaign, text.language))


def published_here() -> CampaignTextQuerySet:
    """What visitors may see in the language of the address."""
    texts = CampaignText.objects.in_language(translation.get_language()).published()
    return texts.filter(campaign__in=Campaign.objects.published())


def kept(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Any cache may keep it for some seconds; and longer while the site does not answer, unless it shows people.

    Whoever takes their name back does not have to wait for a site that is down.
    """
    patch_cache_control(response, public=True, max_age=0, s_maxage=5, stale_while_revalidate=30)
    if not getattr(request, "shows_people", False):
        patch_cache_control(response, stale_if_error=600)
    return response


def preferred(accepted: str, languages: set[str]) -> str:
    """The first of a browser's languages that there are words in, else the site's own."""
    for code, _quality in parse_accept_lang_header(accepted.lower()):
        if (language := code.partition("-")[0]) in languages:
            return language
    return settings.LANGUAGE_CODE


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To the open campaign, or the list, in the language that the browser prefers; without a cookie."""
    texts = {
        text.language: text for text in CampaignText.objects.published().filter(campaign__in=Campaign.objects.open())
    }
    language = preferred(request.headers.get("Accept-Language", ""), set(texts) or {"es", "en"})
    text = texts.get(language)
    with translation.override(language):
        response = redirect(text.get_absolute_url() if text else reverse("campaigns:index"))
    add_never_cache_headers(response)
    return response


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return kept(request, render(request, "campaigns/index.html", {"texts": published_here()}))


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """The campaign's page. Any cache may keep it for some seconds: it holds no cookie, no token and no visitor."""
    text = published_here().filter(alias=slug).exclude(alias="").first()
    if text:
        return kept(request, redirect(text, permanent=True))
    return kept(request, shown(request, find_text(slug)))


def shown(request: HttpRequest, text: CampaignText, **context: object) -> HttpResponse:
    """The page as visitors see it; for staff, with words that are not published yet."""
    return render(request, "campaigns/page.html", {"text": text, **context})


@require_safe
def privacy(request: HttpRequest, slug: str) -> HttpResponse:
    context = {
        "text": find_text(slug),
        "pending_days": settings.CONFIRMATION_MAX_AGE // (24 * 60 * 60),
        "backup_days": settings.BACKUP_DAYS,
        "asks_google": bool(settings.RECAPTCHA_PRIVATE_KEY),
    }
    return kept(request, render(request, "campaigns/privacy.html", context))


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return kept(request, render(request, "campaigns/accessibility.html", {"texts": published_here()}))


@require_safe
@cache_control(public=True, max_age=3600)
def robots(request: HttpRequest) -> HttpResponse:
    """What no page links to needs no line here: addresses with a token say `noindex` themselves."""
    lines = ["User-agent: *", "Disallow: /admin/", f"Sitemap: {settings.SITE_URL}/sitemap.xml", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
