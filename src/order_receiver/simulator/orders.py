"""Realistic Swedish and Norwegian orders for try-outs and tests: same seed, same order."""

from datetime import UTC, datetime, timedelta, timezone
from random import Random
from zoneinfo import ZoneInfo

from order_receiver.contract.request import CodeValue, Header, OrderRequest, PickupStore, ShippingAdvice
from order_receiver.simulator.goods import COMMENTS, CURRENCIES, PICKUP_POINTS, Market
from order_receiver.simulator.order_form import decode_order, encode_order
from order_receiver.simulator.order_payments import make_payments
from order_receiver.simulator.order_people import Parties, make_address, make_parties
from order_receiver.simulator.order_rows import make_rows, rows_total

__all__ = ["change_order", "decode_order", "encode_order", "make_order"]

_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_ZONE = ZoneInfo("Europe/Stockholm")
_MARKETS: tuple[Market, ...] = ("SE", "SE", "NO")
_SIZES = ((1, 2), (3, 6), (7, 15), (16, 40))


def make_order(
    seed: int,
    *,
    application_key: str,
    reference: str,
    lines: int | None = None,
    market: Market | None = None,
    submitted: datetime | None = None,
    do_hold: bool = False,
) -> OrderRequest:
    """An order as a Norce shop would send it, fully decided by the arguments. (norce: OrderRequest)

    `lines` counts every row, freight and fees included (1 to 40 by chance when left out). Payments add up to the
    rows including VAT, within 0.50. `submitted` is an aware time; without it the seed chooses one in 2026.
    """
    rng = Random(f"order {seed}")
    where: Market = rng.choice(_MARKETS) if market is None else market
    parties = make_parties(rng, where)
    rows = make_rows(rng, where, lines if lines is not None else rng.randint(*rng.choices(_SIZES, (45, 35, 15, 5))[0]))
    order = OrderRequest(
        SellTo=parties.sell_to,
        BillTo=parties.bill_to,
        ShipTo=parties.ship_to,
        DoHold=do_hold,
        ClientOrderRef=reference,
        SubmitDate=submitted or _moment(rng),
        CurrencyCode=CURRENCIES[where],
        Payments=make_payments(rng, where, rows_total(rows), reference, business=parties.business),
        Discounts=[],
        ShippingAdvice=_shipping(rng, where),
        Items=rows,
        Fees=[],
        AdditionalInfo=[],
        Header=Header(ApplicationKey=application_key),
        Source="WEB",
    )
    _add_extras(rng, where, parties, order)
    return order


def change_order(order: OrderRequest) -> OrderRequest:
    """A copy with other content under the same reference: a conflict for whoever holds the first."""
    changed = decode_order(encode_order(order))
    changed.CustomerOrderComment = f"{order.CustomerOrderComment or ''} Ändrad: skicka till jobbet.".strip()
    for item in changed.Items or []:
        item.Quantity += 1
        item.Quantity2 = None if item.Quantity2 is None else item.Quantity2 + 1
        break
    return changed


def _moment(rng: Random) -> datetime:
    """Some second of 2026 with the offset that clocks in Stockholm had then."""
    local = (_FIRST_DAY + timedelta(seconds=rng.randrange(300 * 86_400))).astimezone(_ZONE)
    return local.replace(tzinfo=timezone(local.utcoffset() or timedelta()), fold=0)


def _add_extras(rng: Random, market: Market, parties: Parties, order: OrderRequest) -> None:
    """What only some buyers fill in."""
    if rng.random() < 0.25:
        order.CustomerOrderComment = rng.choice(COMMENTS[market])
    if parties.business:
        order.CustomerOrderRef = f"Rekv. {rng.randint(1000, 9999)}"
        order.CustomerInvoiceRef = f"Kst {rng.randint(100, 999)}"
        order.SalesContactCode = "LENA" if rng.random() < 0.3 else None
    if rng.random() < 0.3:
        order.AdditionalInfo = [CodeValue(Id=21, Code="Inslagning", Value="Rött snöre", Code2="gift_wrap")]
    if rng.random() < 0.1:
        order.DiscountCode = "HÖST26"


def _shipping(rng: Random, market: Market) -> ShippingAdvice:
    method = rng.choices(("HOME", "PICKUP", "STORE"), (50, 40, 10))[0]
    return ShippingAdvice(
        DeliveryMethodCode=method,
        DoSMSNotify=rng.random() < 0.7,
        PickupStore=None if method == "HOME" else _pickup(rng, market, drop_point=method == "PICKUP"),
        IsFeeChargedOnce=rng.random() < 0.5,
        IsComplete=rng.random() < 0.3,
    )


def _pickup(rng: Random, market: Market, *, drop_point: bool) -> PickupStore:
    return PickupStore(
        Code=f"{rng.randint(1000, 9999)}",
        Name=rng.choice(PICKUP_POINTS[market]) if drop_point else "Butiken",
        AdditionalInfo=[],
        IsDropPoint=drop_point,
        Address=make_address(rng, market),
    )
