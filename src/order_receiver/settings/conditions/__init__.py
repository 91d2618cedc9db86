"""Conditions over an order, as receiver.toml holds them: `currency == "SEK" and totals.incl_vat >= 1000`. (ADR 0032)"""

from order_receiver.settings.conditions.condition import Condition, RowCondition, Verdict, condition_fault, rows_fault
from order_receiver.settings.conditions.faults import WrongCondition

__all__ = ["Condition", "RowCondition", "Verdict", "WrongCondition", "condition_fault", "rows_fault"]
