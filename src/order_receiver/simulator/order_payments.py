"""Payments of made-up orders: one, or a gift card and the rest."""

from decimal import ROUND_HALF_UP, Decimal
from random import Random

from order_receiver.contract.request import CodeValue, Payment
from order_receiver.simulator.goods import CURRENCIES, Market
from order_receiver.simulator.order_rows import ORE

_ONLINE = {
    "SE": ((10001, "card", "Card"), (10002, "swish", "Swish")),
    "NO": ((10001, "card", "Card"), (10004, "vipps", "Vipps")),
}


def make_payments(rng: Random, market: Market, total: Decimal, reference: str, *, business: bool) -> list[Payment]:
    """Payments that add up to `total` in öre, or to whole kronor at times, as platforms round. (norce: Payment)

    `total` is the rows' sum including VAT; the difference is never over 0.50.
    """
    due = total.quantize(Decimal(1) if rng.random() < 0.2 else ORE, ROUND_HALF_UP).quantize(ORE)
    payments = []
    if due > 300 and rng.random() < 0.15:
        gift = Decimal(rng.choice((100, 200, 250))).quantize(ORE)
        payments.append(_payment(market, (10003, "giftcard", "Presentkort"), f"GC-{reference}", gift))
        due -= gift
    if business and rng.random() < 0.6:
        return [*payments, _payment(market, (10005, "invoice", "Faktura"), None, due)]
    rest = _payment(market, rng.choice(_ONLINE[market]), f"{rng.getrandbits(32):08x}-{reference}", due)
    if rest.PaymentMethodCode == "card":
        rest.AdditionalInfo = [CodeValue(Id=32, Code="Tecken", Value="****1111", Code2="masked_pan")]
    return [*payments, rest]


def _payment(market: Market, method: tuple[int, str, str], reference: str | None, amount: Decimal) -> Payment:
    code, method_code, name = method
    return Payment(
        PaymentCode=code,
        PaymentMethodCode=method_code,
        PaymentRef=reference,
        Amount=amount,
        CurrencyCode=CURRENCIES[market],
        AdditionalInfo=[],
        PaymentName=name,
    )
