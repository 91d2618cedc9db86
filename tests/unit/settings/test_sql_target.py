"""Which URLs of databases lead to another machine, and which of them without verified TLS."""

import pytest

from order_receiver.settings.targets.sql import leaves_this_machine, tls_fault


@pytest.mark.parametrize(
    ("url", "leaves"),
    [
        ("postgresql://r@db.example/erp", True),
        ("postgresql://r@/erp?host=db.example", True),
        ("postgresql://r@/erp?host=db.example:5433", True),
        ("postgresql://r@/erp?hostaddr=192.0.2.1", True),
        ("postgresql://r@127.0.0.1/erp?host=db.example", True),
        ("postgresql://r@localhost,db.example/erp", True),
        ("postgresql://r@/erp?host=localhost:5432&host=db.example:5432", True),
        ("postgresql://r@localhost:5432/erp", False),
        ("postgresql://r@[::1]:5432/erp", False),
        ("postgresql://r@/erp?host=/run/postgresql", False),
        ("postgresql://r@/erp?host=localhost:5432&hostaddr=127.0.0.1", False),
        ("postgresql://r@/erp", False),
        ("sqlite:///erp.db", False),
    ],
)
def test_another_machine(url: str, leaves: bool) -> None:
    assert leaves_this_machine(url) is leaves


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("postgresql://r@db.example/erp", None),
        ("postgresql+psycopg://r@db.example/erp?sslmode=verify-ca", None),
        ("postgresql://r@db.example/erp?sslmode=disable", "with sslmode=disable, which verifies no certificate"),
        ("postgresql://r@/erp?host=db.example&sslmode=require", "with sslmode=require, which verifies no certificate"),
        ("postgresql://r@localhost/erp?sslmode=disable", None),
        ("postgresql+psycopg2://r@db.example/erp", "with sslmode=prefer, which verifies no certificate"),
        ("mysql+pymysql://r@db.example/erp", None),
        ("mysql+pymysql://r@db.example/erp?ssl_disabled=true", "with ssl_disabled, so without TLS"),
        ("mysql+pymysql://r@127.0.0.1/erp?ssl_disabled=true", None),
        ("mssql+pymssql://r@db.example/erp", "by pymssql, which verifies no certificate"),
        ("mssql+pymssql://r@127.0.0.1/erp", None),
        ("oracle+oracledb://r@db.example/erp", None),
    ],
)
def test_verified_tls(url: str, fault: str | None) -> None:
    assert tls_fault(url) == fault
