"""What the drivers are told: waits that end, and TLS that is verified, on real sockets."""

import socket
import ssl
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from order_receiver.orders.outcomes import TransientFailure
from order_receiver.settings.targets import SqlTarget
from order_receiver.targets.sql.adapter import SqlAdapter
from order_receiver.targets.sql.database import arguments
from order_receiver.targets.surroundings import Surroundings


@pytest.mark.parametrize(
    ("url", "verified"),
    [
        ("postgresql+psycopg://r@db.example/erp", True),
        ("postgresql+psycopg://r@/erp?host=db.example", True),
        ("postgresql+psycopg://r@/erp?hostaddr=192.0.2.1", True),
        ("postgresql+psycopg://r@localhost,db.example/erp", True),
        ("postgresql+psycopg://r@localhost/erp?service=erp", True),
        ("postgresql+psycopg://r@/erp", True),
        ("postgresql+psycopg://r@localhost/erp", False),
        ("postgresql+psycopg://r@/erp?host=/run/postgresql", False),
    ],
)
def test_postgresql_verifies_another_machine(url: str, verified: bool) -> None:
    """Where no host is named, PGHOST may name one."""
    assert (arguments(make_url(url), 30).get("sslmode") == "verify-full") is verified


async def test_a_host_in_the_query_is_not_spoken_to_without_tls(tmp_path: Path) -> None:
    """The server has no TLS, and the name of this machine is not `localhost`."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        adapter = SqlAdapter(
            SqlTarget(url=f"postgresql://r@/erp?host=erp.example&hostaddr=127.0.0.1&port={port}", table="t", timeout=1),
            Surroundings("erp", tmp_path, {}),
        )
        with pytest.raises(TransientFailure):
            await adapter.check()
        server.settimeout(10)
        connection, _ = server.accept()
        with connection:
            asked = connection.recv(100)
        await adapter.close()
    assert asked == bytes.fromhex("0000000804d2162f"), "It asks for TLS (SSLRequest) before it says anything."


def test_mysql_is_bounded_and_verified() -> None:
    away, here = (arguments(make_url(f"mysql+pymysql://r@{host}/erp"), 7) for host in ("db.example", "127.0.0.1"))
    assert (away["connect_timeout"], away["read_timeout"], away["write_timeout"]) == (7, 7, 7)
    assert (away["ssl"].verify_mode, away["ssl"].check_hostname) == (ssl.CERT_REQUIRED, True)
    assert "ssl" not in here


def test_sql_server_is_bounded() -> None:
    assert arguments(make_url("mssql+pymssql://r@127.0.0.1/erp"), 60) == {"timeout": 60, "login_timeout": 10}


async def test_a_silent_mysql_is_given_up(tmp_path: Path) -> None:
    pytest.importorskip("pymysql")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"mysql+pymysql://r@127.0.0.1:{silent.getsockname()[1]}/erp"
        adapter = SqlAdapter(SqlTarget(url=url, table="t", timeout=1), Surroundings("erp", tmp_path, {}))
        with pytest.raises(TransientFailure, match=r"timed out"):
            await adapter.check()
        await adapter.close()
