"""Exports: which lists there are, in which forms, how they leave, who must agree, and what a signer sees of them."""

from signatures.exports.approvals import APPROVAL_ABOVE, OwnRequest, ask, collect, decide, needs_approval
from signatures.exports.forms import DEFUSED, FORMS
from signatures.exports.presets import PRESETS
from signatures.exports.signer import PACK, line, lists_since
from signatures.exports.streaming import Download, Paused, export

__all__ = [
    "APPROVAL_ABOVE",
    "DEFUSED",
    "FORMS",
    "PACK",
    "PRESETS",
    "Download",
    "OwnRequest",
    "Paused",
    "ask",
    "collect",
    "decide",
    "export",
    "line",
    "lists_since",
    "needs_approval",
]
