"""Rows of made-up orders: articles, bundles, freight and fees. Prices are exact to the öre."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from order_receiver.contract.request import CodeValue, OrderItem, PriceListItem, Promotion
from order_receiver.simulator.goods import FEE_NAMES, GOODS, VAT_RATES, Good, Market

ORE = Decimal("0.01")
HUNDRED = Decimal(100)


def make_rows(rng: Random, market: Market, count: int) -> list[OrderItem]:
    """Exactly `count` rows: articles first, then freight and, at times, a fee where there is room for them."""
    extras = _extras(rng, market, count)
    articles = count - len(extras)
    bundle = rng.randint(3, min(5, articles)) if articles >= 3 and rng.random() < 0.25 else 0
    rows = [_article(rng, market, _good(rng, market)) for _ in range(articles - bundle)]
    rows += _bundle(rng, market, bundle) if bundle else []
    rows += extras
    _number(rows, parent=articles - bundle if bundle else None, children=bundle - 1)
    return rows


def rows_total(rows: list[OrderItem]) -> Decimal:
    """What the rows cost including VAT: quantity x (unit price + unit VAT), unrounded."""
    return sum((row.quantity * (row.UnitPrice + row.UnitVat) for row in rows), Decimal(0))


def _number(rows: list[OrderItem], parent: int | None, children: int) -> None:
    for number, row in enumerate(rows, start=1):
        row.LineNo = number
    if parent is not None:
        for row in rows[parent + 1 : parent + 1 + children]:
            row.ParentLineNo = parent + 1


def _good(rng: Random, market: Market) -> Good:
    while True:
        good = rng.choice(GOODS)
        if good.vat in VAT_RATES[market]:
            return good


def _article(rng: Random, market: Market, good: Good) -> OrderItem:
    name = good.swedish if market == "SE" else good.norwegian
    price = good.price - rng.choice((Decimal(0), Decimal("0.10")))
    row = _priced(name, good.part_no, price, VAT_RATES[market][good.vat])
    row.InternalProductId = 20_000 + GOODS.index(good)
    row.UnitOfMeasure = good.unit
    row.ManufacturerCode = good.maker
    row.PriceListNo = 1
    _set_quantity(rng, row)
    if rng.random() < 0.15:
        _reduce(rng, row)
    if rng.random() < 0.1:
        row.AdditionalInfo = [CodeValue(Id=41, Code="Gravyr", Value="Till Åse på 60-årsdagen", Code2="engraving")]
    if rng.random() < 0.1:
        row.PriceLists = [PriceListItem(PriceListName="Standard", QtyBreak=1, UnitPrice=row.UnitPrice, IsActive=True)]
    return row


def _set_quantity(rng: Random, row: OrderItem) -> None:
    """Pieces mostly; goods sold by the metre have their exact length in `Quantity2` only."""
    if row.UnitOfMeasure == "m":
        row.Quantity2 = Decimal(rng.randint(50, 3000)) / HUNDRED
        row.Quantity = max(1, int(row.Quantity2))
        return
    row.Quantity = rng.choices((1, 2, 3, 4, 6, 12), (60, 20, 8, 5, 4, 3))[0]
    row.Quantity2 = Decimal(row.Quantity).quantize(Decimal("0.000")) if rng.random() < 0.5 else None


def _priced(name: str, part_no: str, price: Decimal, rate: Decimal) -> OrderItem:
    """A row of one unit whose price and VAT add up to `price`, which includes VAT."""
    net = (price * HUNDRED / (HUNDRED + rate)).quantize(ORE, ROUND_HALF_UP)
    return OrderItem(
        Type="ErpStandard",
        TypeGroup="Physical",
        PartNo=part_no,
        ErpPartNo=part_no,
        Description=name,
        Quantity=1,
        UnitOfMeasure="st",
        UnitPrice=net,
        UnitPriceOriginal=net,
        Discount=Decimal("0.00"),
        UnitVat=price.quantize(ORE) - net,
        VatRate=rate,
        AdditionalInfo=[],
        PriceLists=[],
        Promotions=[],
    )


def _reduce(rng: Random, row: OrderItem) -> None:
    """A sale: `UnitPrice` and `UnitVat` are what is paid, the original price and the promotion are told beside."""
    percent = rng.choice((10, 15, 20, 30))
    row.UnitPrice = (row.UnitPriceOriginal * (100 - percent) / HUNDRED).quantize(ORE, ROUND_HALF_UP)
    row.UnitVat = (row.UnitPrice * row.VatRate / HUNDRED).quantize(ORE, ROUND_HALF_UP)
    row.Discount = row.UnitPriceOriginal - row.UnitPrice
    name = f"Höstrea {percent} %"
    row.Promotions = [Promotion(Id=str(500 + percent), Name=name, DiscountCode=None, AppliedAmount=row.Discount)]


def _bundle(rng: Random, market: Market, size: int) -> list[OrderItem]:
    """A parent row and its parts. Norce shops differ in where the price sits, so both kinds are made."""
    parts = [_article(rng, market, _good(rng, market)) for _ in range(size - 1)]
    parent = _priced("Paket: Fjällhelgen", "PKT-FJALL", Decimal(0), VAT_RATES[market]["standard"])
    parent.Type, parent.TypeGroup = "Structure", "Virtual"
    if rng.random() < 0.5:
        for part in parts:
            part.UnitPrice = part.UnitVat = part.UnitPriceOriginal = part.Discount = Decimal("0.00")
            part.Promotions, part.PriceLists = [], []
        whole = _priced("", "", Decimal(rng.randint(10, 50) * 100 - 1), parent.VatRate)
        parent.UnitPrice = parent.UnitPriceOriginal = whole.UnitPrice
        parent.UnitVat = whole.UnitVat
    return [parent, *parts]


def _extras(rng: Random, market: Market, count: int) -> list[OrderItem]:
    return list(_each_extra(rng, market))[: max(0, min(2, count - 1))]


def _each_extra(rng: Random, market: Market) -> Iterator[OrderItem]:
    """Freight on most orders; a packing or invoice fee on some."""
    rate = VAT_RATES[market]["standard"]
    freight, packing, invoice = FEE_NAMES[market]
    if rng.random() < 0.85:
        yield _fee(_priced(freight, "FRAKT", Decimal(rng.choice((0, 49, 59, 99))), rate), "Freight", "Fee")
    if rng.random() < 0.15:
        yield _fee(_priced(packing, "EMB", Decimal(29), rate), "PackingFee", "AddedFee")
    elif rng.random() < 0.1:
        yield _fee(_priced(invoice, "FAKT", Decimal("19.50"), rate), "Invoice", "Fee")


def _fee(row: OrderItem, kind: str, group: str) -> OrderItem:
    row.Type, row.TypeGroup = kind, group
    row.Quantity2 = Decimal("1.000")
    return row
