"""What was found, as texts that conditions, templates and value tables can use."""

from collections.abc import Mapping

from order_receiver.enrichment.model import VALUE_LIMIT, Found
from order_receiver.settings.expressions.forms import WrongValue, as_text


def as_values(found: Mapping[str, object]) -> Found:
    """Texts, whole and exact numbers, dates, true and false; what is None or empty is left out. Raises WrongValue."""
    return {name: text for name, value in found.items() if (text := _text(name, value))}


def _text(name: str, value: object) -> str:
    try:
        text = as_text(value)
    except WrongValue as error:
        raise WrongValue(f"`{name}`: {error}") from None
    if len(text) > VALUE_LIMIT:
        raise WrongValue(f"`{name}` has {len(text)} characters and {VALUE_LIMIT} are allowed")
    return text
