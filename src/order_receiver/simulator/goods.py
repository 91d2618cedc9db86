"""What a made-up Nordic shop sells, to whom and where: the raw material of `make_order`. Nothing here is real trade."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Market = Literal["SE", "NO"]
VatClass = Literal["standard", "food", "books"]


@dataclass(frozen=True, slots=True)
class Good:
    """One article. `price` is for one unit including VAT, in whole kronor of either market."""

    part_no: str
    swedish: str
    norwegian: str
    price: int
    unit: str = "st"
    vat: VatClass = "standard"
    maker: str = "Fjällvik"


GOODS = (
    Good("TLT-2P-GRN", "Tält 2 personer, grönt", "Telt 2 personer, grønt", 2499),
    Good("SOV-M10", "Sovsäck till minus 10 °C", "Sovepose til minus 10 °C", 1399),
    Good("LIG-ULTRA", "Liggunderlag Ultralätt", "Liggeunderlag Ultralett", 899),
    Good("RYG-45L", "Ryggsäck 45 l", "Ryggsekk 45 l", 1699),
    Good("STO-GAS", "Stormkök för gas", "Stormkjøkken for gass", 749),
    Good("GAS-230", "Gaspatron 230 g", "Gassboks 230 g", 69),
    Good("KAS-1L", "Kastrull 1 l, aluminium", "Kasserolle 1 l, aluminium", 249),
    Good("KOS-TRA", "Kåsa i björk", "Kåse i bjørk", 329, maker="Älvdalens Slöjd"),
    Good("KNI-JKT", "Jaktkniv med läderslida", "Jaktkniv med lærslire", 595, maker="Älvdalens Slöjd"),
    Good("YXA-HLT", "Yxa, handsmidd", "Øks, håndsmidd", 1195, maker="Älvdalens Slöjd"),
    Good("PAN-400", "Pannlampa 400 lumen", "Hodelykt 400 lumen", 449),
    Good("BAT-AAA4", "Batterier AAA, 4-pack", "Batterier AAA, 4-pakning", 59, unit="frp"),
    Good("JCK-SKL-M", "Skaljacka, herr M", "Skalljakke, herre M", 2999),
    Good("JCK-SKL-S", "Skaljacka, dam S", "Skalljakke, dame S", 2999),
    Good("ULL-TRJ-L", "Ulltröja, marinblå L", "Ullgenser, marineblå L", 1149, maker="Røros Strikk"),
    Good("ULL-STR-41", "Ullsockor 39/42, 2 par", "Ullsokker 39/42, 2 par", 229, unit="frp", maker="Røros Strikk"),
    Good("MSS-BLA", "Mössa, blå", "Lue, blå", 299, maker="Røros Strikk"),
    Good("HND-VNT-9", "Vintervantar, strl 9", "Vintervotter, str. 9", 399),
    Good("KNG-VND-42", "Vandringskänga, strl 42", "Turstøvel, str. 42", 2199),
    Good("STV-REG-38", "Regnstövel, strl 38", "Regnstøvel, str. 38", 649),
    Good("SKI-TUR-205", "Turskida 205 cm", "Fjellski 205 cm", 3295, unit="par", maker="Vidda"),
    Good("STA-SKI-150", "Skidstavar 150 cm", "Skistaver 150 cm", 549, unit="par", maker="Vidda"),
    Good("VLL-BLA", "Skidvalla, blå", "Skismøring, blå", 119, maker="Vidda"),
    Good("PUL-120", "Pulka 120 cm", "Pulk 120 cm", 4890, maker="Vidda"),
    Good("REP-8MM", "Rep 8 mm, metervara", "Tau 8 mm, metervare", 19, unit="m"),
    Good("REP-11MM", "Klätterrep 11 mm, metervara", "Klatretau 11 mm, metervare", 39, unit="m"),
    Good("VAX-TYG", "Vaxat bomullstyg, metervara", "Vokset bomullsstoff, metervare", 289, unit="m"),
    Good("KAR-TOP-50", "Karta 1:50 000, Jämtlandsfjällen", "Kart 1:50 000, Jotunheimen", 179, maker="Kartförlaget"),
    Good("KOM-SPG", "Kompass med spegel", "Kompass med speil", 495),
    Good("TRM-1L", "Termos 1 l", "Termos 1 l", 379),
    Good("KÅSA-SET", "Campingservis, 4 pers", "Turservise, 4 pers", 459),
    Good("HÄNG-2", "Hängmatta för två", "Hengekøye for to", 899),
    Good("KAF-500", "Kokkaffe 500 g", "Kokekaffe 500 g", 89, vat="food", maker="Nordrost"),
    Good("CHO-200", "Blåbärschoklad 200 g", "Blåbærsjokolade 200 g", 65, vat="food", maker="Nordrost"),
    Good("KNÄ-RÅG", "Rågknäckebröd 500 g", "Rugknekkebrød 500 g", 42, vat="food", maker="Nordrost"),
    Good("FRY-GRY", "Frystorkad älggryta", "Frysetørket elggryte", 119, vat="food", maker="Nordrost"),
    Good("TOR-RN", "Torkat renkött 60 g", "Tørket reinkjøtt 60 g", 99, vat="food", maker="Nordrost"),
    Good("BOK-SVAMP", "Svampboken", "Soppboken", 249, vat="books", maker="Kartförlaget"),
    Good("BOK-FJÄLL", "Fjällvandring A till Ö", "Fjellvandring fra A til Å", 299, vat="books", maker="Kartförlaget"),
)

VAT_RATES: dict[Market, dict[VatClass, Decimal]] = {
    "SE": {"standard": Decimal("25.00"), "food": Decimal("12.00"), "books": Decimal("6.00")},
    "NO": {"standard": Decimal("25.00"), "food": Decimal("15.00")},
}
"""Percent. A class that a market lacks is not sold there."""

CURRENCIES: dict[Market, str] = {"SE": "SEK", "NO": "NOK"}

FIRST_NAMES: dict[Market, tuple[str, ...]] = {
    "SE": ("Åsa", "Björn", "Märta", "Göran", "Sofia", "Elin", "Håkan", "Ebba", "Östen", "Linnéa", "Karl-Erik"),
    "NO": ("Ingrid", "Bjørn", "Kåre", "Sølvi", "Åse", "Nils-Aslak", "Marte", "Øyvind", "Synnøve", "Leyla"),
}
LAST_NAMES: dict[Market, tuple[str, ...]] = {
    "SE": ("Åkesson", "Lindström", "Öberg", "Sjögren", "Nyström", "Bergqvist", "von Platen", "Söderlund"),
    "NO": ("Bjørnstad", "Sørensen", "Åsland", "Næss", "Strømme", "Hauge", "Kvæfjord", "Utsi", "Lie", "Ødegård"),
}
STREETS: dict[Market, tuple[str, ...]] = {
    "SE": ("Storgatan", "Björkvägen", "Ängsstigen", "Köpmangatan", "Östra Hamngatan", "Granitvägen", "Åsgatan"),
    "NO": ("Kirkegata", "Bjørkeveien", "Åsveien", "Strandgata", "Øvre Slottsgate", "Fjellstien", "Sætraveien"),
}
TOWNS: dict[Market, tuple[tuple[str, str], ...]] = {
    "SE": (
        ("111 22", "Stockholm"),
        ("411 05", "Göteborg"),
        ("211 20", "Malmö"),
        ("903 26", "Umeå"),
        ("831 30", "Östersund"),
        ("702 10", "Örebro"),
        ("981 31", "Kiruna"),
        ("621 55", "Visby"),
        ("352 30", "Växjö"),
        ("792 30", "Mora"),
    ),
    "NO": (
        ("0150", "Oslo"),
        ("5003", "Bergen"),
        ("7011", "Trondheim"),
        ("9008", "Tromsø"),
        ("6002", "Ålesund"),
        ("8006", "Bodø"),
        ("7374", "Røros"),
        ("1607", "Fredrikstad"),
        ("9730", "Kárášjohka"),
        ("3044", "Drammen"),
    ),
}
COMPANIES: dict[Market, tuple[str, ...]] = {
    "SE": ("Fjällgården i Åre AB", "Öbergs Bygg & Måleri AB", "Kulturskolan Ängen", "Scoutkåren Järven"),
    "NO": ("Fjellstua Røros AS", "Sørensen & Sønner AS", "Tromsø Båtutleie AS", "Speidergruppa Ørnen"),
}
COMMENTS: dict[Market, tuple[str, ...]] = {
    "SE": (
        "Ring på dörren två gånger, hunden är snäll.",
        "Lämna hos grannen på nr 7 (Åkes) om vi är på fjället.",
        "Går det att få paketet före påsk?\nTack på förhand!",
        "Present: ingen prislapp, tack 🎁",
    ),
    "NO": (
        "Sett pakken på trappa, vi er på hytta.",
        "Ring når dere er på vei: brøytet vei til øvre gård.",
        "Gave til bestefar: ingen prislapp på esken, er dere snille.",
        "Må leveres før søndag.\nTusen takk!",
    ),
}
PICKUP_POINTS: dict[Market, tuple[str, ...]] = {
    "SE": ("ICA Nära Ängen", "Coop Björkbacken", "Pressbyrån Centralen", "Direkten Östermalm"),
    "NO": ("Kiwi Bjørnebekk", "Joker Sørøya", "Extra Kvæfjord", "Narvesen Åsen"),
}
FEE_NAMES: dict[Market, tuple[str, str, str]] = {
    "SE": ("Frakt, hemleverans", "Presentinslagning", "Fakturaavgift"),
    "NO": ("Frakt, hjemlevering", "Gaveinnpakning", "Fakturagebyr"),
}
"""Freight, packing fee, invoice fee."""
