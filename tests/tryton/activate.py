"""Makes a Tryton database with the modules that the tests need. Run by Tryton's own Python.

Usage: python activate.py CONFIGURATION DATABASE; the password of `admin` comes by TRYTONPASSFILE.
"""

import sys

from trytond import config

MODULES = ("sale", "sale_discount", "sale_payment", "sale_shipment_cost", "web_shop")

configuration, database = sys.argv[1:]
config.update_etc(configuration)

from trytond.cli.admin import main  # noqa: E402 - the configuration says which kind of database it is
from trytond.model import ModelStorage  # noqa: E402


def skip(cls, records, field_names=None):
    """Stand in for the check of each record against its rules."""


# What the modules bring along is right as it is, and to check it takes as long as to write it.
ModelStorage._validate = classmethod(skip)

sys.argv[1:] = ["-c", configuration, "-d", database, "--email", "admin@example.com"]
sys.argv += ["--activate-dependencies", "-u", "ir", "res", *MODULES]
sys.exit(main())
