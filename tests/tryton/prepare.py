"""Fills a fresh Tryton database with a company, taxes, articles, journals and a web shop. Run by Tryton's own Python.

Usage: python prepare.py CONFIGURATION DATABASE PASSWORD; the password is for the user `web`.
"""

import datetime as dt
import sys
from decimal import Decimal

from proteus import Model
from proteus import config as proteus
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, create_tax, get_accounts
from trytond.modules.account_invoice.tests.tools import create_payment_term, set_fiscalyear_invoice_sequences
from trytond.modules.company.tests.tools import create_company
from trytond.modules.currency.tests.tools import get_currency

configuration, database, password = sys.argv[1:]
proteus.set_trytond(f"sqlite:///{database}", config_file=configuration)

Country = Model.get("country.country")
for name, code in (("Sweden", "SE"), ("Norway", "NO"), ("Finland", "FI")):
    Country(name=name, code=code).save()

Party = Model.get("party.party")


def party(name, code):
    made = Party(name=name)
    made.code = code
    made.save()
    return made


sek = get_currency("SEK")
create_company(party=party("Butik AB", "BUTIK"), currency=sek)
company = Model.get("company.company").find([])[0]
create_chart()
set_fiscalyear_invoice_sequences(create_fiscalyear()).click("create_period")
accounts = get_accounts()

Category = Model.get("product.category")
Unit = Model.get("product.uom")
unit = Unit.find([("name", "=", "Unit")])[0]
metre = Unit.find([("name", "=", "Meter")])[0]
Template = Model.get("product.template")


def tax(percent):
    made = create_tax(Decimal(percent) / 100)
    made.name = f"Moms {percent}"
    made.save()
    return made


taxes = {percent: tax(percent) for percent in (25, 12, 6)}


def category(percent):
    made = Category(name=f"Moms {percent}", accounting=True)
    made.account_revenue = accounts["revenue"]
    made.account_expense = accounts["expense"]
    made.customer_taxes.append(Model.get("account.tax")(taxes[percent].id))
    made.save()
    return made


categories = {percent: category(percent) for percent in taxes}


def product(code, name, kind="service", percent=25, measured=unit):
    template = Template(name=name, type=kind, default_uom=measured, salable=True, list_price=Decimal(100))
    template.account_category = categories[percent]
    if kind == "goods":
        template.lead_time = dt.timedelta()
    template.products[0].suffix_code = code
    template.save()
    return template.products[0]


for number in range(1, 6):
    product(f"ITEM{number:03}", f"Example {number}", "goods")
product("BOOK", "Bok", "goods", 6)
product("FOOD", "Mat", "goods", 12)
product("CLOTH", "Tyg", "goods", 25, metre)
product("BUNDLE", "Paket")
product("FREIGHT", "Frakt")
product("FEE", "Avgift")
product("ROUNDING", "Öresavrundning")
Carrier = Model.get("carrier")
Carrier(party=party("PostNord", "POSTNORD"), carrier_product=product("POSTNORD", "PostNord")).save()
term = create_payment_term()
term.name = "30 days"
term.save()

Journal = Model.get("account.payment.journal")
for name in ("Card", "Gift card"):
    Journal(name=name, process_method="manual", currency=sek, company=company).save()

shop = Model.get("web.shop")(name="Web", company=company, currency=sek)
shop.warehouses.append(Model.get("stock.location").find([("type", "=", "warehouse")])[0])
shop.guest_party = party("Guest", "GUEST")
shop.save()

# The user of the receiver: what it may do is what docs/how-to/connect-tryton.md asks for.
User, Group = Model.get("res.user"), Model.get("res.group")
user = User(name="Web orders", login="web")
user.password = password
for name in ("Sales", "Payment"):
    user.groups.append(Group.find([("name", "=", name)])[0])
user.companies.append(company)
user.company = company
user.save()
