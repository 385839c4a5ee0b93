"""What search compares by: SQL that indexes hold too, since a query that writes it otherwise finds no index."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Func


class Folded(Func):
    """A text without case, accents and the choice of apostrophe: of `Ñahui Q’ispe`, `nahui q'ispe`.

    A function of ours (migration 0018), which says what it costs: PostgreSQL takes built-in ones to be free, and would
    rather fold a hundred thousand names than look into the index.
    """

    function = "signatures_folded"
    arity = 1
    output_field = models.TextField()


class Domain(Func):
    """The mail domain of an address, backwards, so that one and all below it lie together: `gro.elpmaxe.liam`."""

    template = "reverse(lower(split_part(%(expressions)s, '@', 2)))"
    arity = 1
    output_field = models.TextField()


# Neither is partial: PostgreSQL keeps no account of how common a value is in an expression of a partial index.
SIGNATURE_NAME = GinIndex(OpClass(Folded("name"), "gin_trgm_ops"), name="signature_name")
SIGNATURE_DOMAIN = models.Index(
    OpClass(Domain("email"), "text_pattern_ops"), F("created_at").desc(), name="signature_domain"
)
