"""Cleaning what visitors and staff type. A form judges a value by itself; who may do what is asked elsewhere."""

from signatures.forms.deliveries import (
    ChooseCampaignForm,
    DeliveryAnswerForm,
    DeliveryForm,
    HandedOverForm,
    ScanForm,
    WithdrawDeliveryForm,
)
from signatures.forms.own import AddressForm, ChangeForm
from signatures.forms.privacy import AnswerForm, CloseForm, PrivacyRequestForm
from signatures.forms.rules import NewRuleForm, RuleForm
from signatures.forms.signals import SignalsForm
from signatures.forms.signing import CodeForm, SignForm
from signatures.forms.staff import BulkForm, ExportForm, ModerationForm, PauseForm, ReasonForm

__all__ = [
    "AddressForm",
    "AnswerForm",
    "BulkForm",
    "ChangeForm",
    "ChooseCampaignForm",
    "CloseForm",
    "CodeForm",
    "DeliveryAnswerForm",
    "DeliveryForm",
    "ExportForm",
    "HandedOverForm",
    "ModerationForm",
    "NewRuleForm",
    "PauseForm",
    "PrivacyRequestForm",
    "ReasonForm",
    "RuleForm",
    "ScanForm",
    "SignForm",
    "SignalsForm",
    "WithdrawDeliveryForm",
]
