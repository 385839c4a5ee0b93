"""Cleaning what visitors and staff type. A form judges a value by itself; who may do what is asked elsewhere."""

from signatures.forms.own import AddressForm, ChangeForm
from signatures.forms.signing import CodeForm, SignForm
from signatures.forms.staff import ExportForm, ReasonForm

__all__ = ["AddressForm", "ChangeForm", "CodeForm", "ExportForm", "ReasonForm", "SignForm"]
