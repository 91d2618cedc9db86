"""The commands that need no program of their own: what they print, and how they say what is wrong."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from tests.e2e.conftest import Command, Installation, order_body

from order_receiver import __version__
from order_receiver.cli import demo_files
from order_receiver.cli.demo_view import DemoView
from order_receiver.cli.output import console
from order_receiver.door.answers import POLICY
from order_receiver.settings.credentials import Credentials
from order_receiver.settings.model import Credential
from order_receiver.simulator.erp import ErpEvent
from order_receiver.simulator.orders import decode_order
from order_receiver.simulator.report import build_report
from order_receiver.simulator.send_options import SentEvent, Trouble, What
from order_receiver.simulator.server import RunningNorce
from order_receiver.simulator.state import NorceState
from order_receiver.store.errors import SchemaTooNew

READING = [
    ["check"],
    ["serve"],
    ["work"],
    ["db", "upgrade"],
    ["orders", "list"],
    ["orders", "show", "1"],
    ["orders", "retry", "1"],
    ["orders", "release", "1"],
    ["orders", "cancel", "1"],
]


def test_version(command: Command) -> None:
    assert command("--version").out == f"order-receiver {__version__}\n"


def test_help_names_every_command(command: Command) -> None:
    said = command("--help").out
    for name in ("serve", "work", "check", "answers", "demo", "init", "orders", "simulate", "credentials", "db"):
        assert re.search(rf"^\W*{name}\s", said, re.MULTILINE), name


def test_answers_as_json(command: Command) -> None:
    rows = command("answers", "--json").data()
    assert [row["situation"] for row in rows] == [situation.value for situation in POLICY]
    assert rows[0] == {
        "situation": "stored",
        "http": 200,
        "status_code": "OK",
        "description": "The order is stored; its ERP number follows.",
        "retry_after": False,
        "norce": "taken over, no repeat",
    }
    for row in rows:
        final = row["status_code"] is not None
        assert final is (row["http"] == 200)
        assert (row["norce"] == "repeats every 10 minutes for 6 hours") is not final


def test_answers_as_a_table(command: Command) -> None:
    said = command("answers").out
    assert "What the door answers" in said
    for situation, answer in POLICY.items():
        assert situation.value in said
        assert answer.description in said


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_a_missing_configuration(command: Command, tmp_path: Path, arguments: list[str]) -> None:
    path = tmp_path / "nowhere.toml"
    said = command(*arguments, "--config", str(path))
    assert said.code == 1
    assert said.err == (
        f"{path}: there is no such file. Make one with `order-receiver init DIR`, or name another file.\n"
    )


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_an_unknown_key_is_told_with_line_and_nearest_match(
    command: Command, folder: Installation, arguments: list[str]
) -> None:
    text = folder.configuration.read_text().replace("[door]", "[door]\nbody_limits = 5")
    folder.configuration.write_text(text)
    line = text.splitlines().index("body_limits = 5") + 1
    said = command.configured(*arguments)
    assert said.code == 1
    assert f"{folder.configuration}:{line}: door.body_limits: " in said.err
    assert "Did you mean `body_limit`?" in said.err


def production(folder: Installation) -> None:
    folder.configuration.write_text(folder.configuration.read_text().replace('"development"', '"production"'))


@pytest.mark.parametrize("name", ["serve", "work"])
def test_unsafe_settings_are_refused_in_production(command: Command, folder: Installation, name: str) -> None:
    production(folder)
    said = command.configured(name)
    assert said.code == 1
    assert re.search(
        r"^error: .*receiver\.toml:\d+: door: orders and passwords would travel without TLS\. Set behind_proxy = true",
        said.err,
    )
    assert said.err.endswith("The configuration cannot be used as it is; `order-receiver check` shows all of it.\n")
    assert not folder.store_path.exists()


def test_check_offline(command: Command, folder: Installation) -> None:
    said = command.configured("check", "--offline")
    assert said.code == 0
    assert said.out.splitlines() == [
        "warning norce: is not set: numbers wait and are not reported. Add [norce] when you have a client id.",
        "ok      mappings: 1 can be used",
    ]


def test_check_says_that_all_is_well(command: Command, folder: Installation) -> None:
    folder.configure(norce="https://shop.api-se.playground.norce.tech")
    said = command.configured("check", "--offline", "--json").data()
    assert said == [
        {"what": "configuration", "state": "ok", "text": "every setting is known and fits the others"},
        {"what": "mappings", "state": "ok", "text": "1 can be used"},
    ]


def test_check_reaches_store_and_targets(command: Command, folder: Installation) -> None:
    assert command.configured("check").code == 0
    lines = {str(line["what"]): line for line in command.configured("check", "--json").data()}
    assert lines["store"] == {"what": "store", "state": "ok", "text": f"{folder.store_path} will be created"}
    assert lines["target erp"] == {"what": "target erp", "state": "ok", "text": "answers"}
    assert not folder.store_path.exists()
    command.configured("db", "upgrade")
    lines = {str(line["what"]): line for line in command.configured("check", "--json").data()}
    assert str(lines["store"]["text"]).startswith(f"{folder.store_path} is at schema ")


def test_check_says_what_is_wrong_in_one_line_each(command: Command, folder: Installation) -> None:
    command.configured("db", "upgrade")
    folder.make_newer()
    (folder.base / "erp" / "outbox").rmdir()
    folder.configure_mapping("nowhere.json.j2")
    production(folder)
    said = command.configured("check")
    assert said.code == 1
    errors = [line for line in said.out.splitlines() if line.startswith("error")]
    assert [line.split()[1] for line in errors[1:]] == ["mappings:", "store:", "target"]
    lines = folder.configuration.read_text().splitlines()
    assert errors[0].startswith(f"error   {folder.configuration}:{lines.index('[door]') + 1}: door: ")
    [mapping] = [number for number, line in enumerate(lines, 1) if "nowhere.json.j2" in line]
    assert errors[1].startswith(
        f"error   mappings: {folder.configuration}:{mapping}: targets.erp.mapping: There is no "
    )
    assert "written by a newer version of the order receiver" in errors[2]
    assert "it does not exist; create it" in errors[3]


async def test_check_reaches_norce(command: Command, folder: Installation, norce: RunningNorce) -> None:
    folder.configure(norce=norce.url)
    said = await asyncio.to_thread(command.configured, "check", "--json")
    lines = {str(line["what"]): line for line in said.data()}
    assert (lines["norce"]["state"], said.code) == ("error", 1)
    assert "TEST_CLIENT_SECRET" in str(lines["norce"]["text"])
    assert norce.state.calls == {}


async def test_check_gets_a_token_and_changes_nothing(
    command: Command, folder: Installation, norce: RunningNorce, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.configure(norce=norce.url)
    monkeypatch.setenv("TEST_CLIENT_SECRET", folder.environment["TEST_CLIENT_SECRET"])
    said = await asyncio.to_thread(command.configured, "check", "--json")
    lines = {str(line["what"]): line for line in said.data()}
    assert lines["norce"] == {"what": "norce", "state": "ok", "text": "gave us a token"}
    assert norce.state.calls == {"token 200": 1}
    monkeypatch.setenv("TEST_CLIENT_SECRET", "wrong")
    said = await asyncio.to_thread(command.configured, "check")
    assert said.code == 1
    assert "invalid_client" in said.out
    assert "wrong" not in said.out.replace("wrong or", "")


def test_db_upgrade_creates_and_then_has_nothing_to_do(command: Command, folder: Installation) -> None:
    first, second = command.configured("db", "upgrade"), command.configured("db", "upgrade")
    assert (first.code, second.code) == (0, 0)
    wanted = re.fullmatch(rf"{folder.store_path} was brought from nothing to (\w+)\.\n", first.out)
    assert wanted is not None
    assert second.out == f"{folder.store_path} is up to date ({wanted[1]}).\n"


@pytest.mark.parametrize("arguments", [["db", "upgrade"], ["orders", "list"], ["orders", "retry", "1"]], ids=" ".join)
def test_a_newer_schema_is_left_alone(command: Command, folder: Installation, arguments: list[str]) -> None:
    command.configured("db", "upgrade")
    folder.make_newer()
    said = command.configured(*arguments)
    assert said.code == 1
    assert said.err == f"The database is at schema 9999. {SchemaTooNew.__doc__}\n"


def test_a_store_that_is_no_database(command: Command, folder: Installation) -> None:
    folder.store_path.write_bytes(b"this is no database, but it is long enough to be read as one" * 100)
    said = command.configured("orders", "list")
    assert said.code == 1
    assert "file is not a database" in said.err
    assert "Traceback" not in said.err


def test_check_tells_of_a_store_that_is_no_database(command: Command, folder: Installation) -> None:
    folder.store_path.write_bytes(b"this is no database, but it is long enough to be read as one" * 100)
    said = command.configured("check", "--json")
    assert said.code == 1
    (line,) = [line for line in said.data() if line["what"] == "store"]
    assert line["state"] == "error"
    assert line["text"] == (
        f"{folder.store_path} cannot be used as the database: file is not a database. Correct [store]."
    )


def test_check_tells_of_a_store_that_is_a_folder(command: Command, folder: Installation) -> None:
    folder.store_path.mkdir()
    (line,) = [line for line in command.configured("check", "--json").data() if line["what"] == "store"]
    assert (line["state"], "unable to open database file" in str(line["text"])) == ("error", True)


def test_credentials_hash_reads_a_pipe(command: Command) -> None:
    said = command("credentials", "hash", stdin="hemligtÅÄÖ:x\r\n")
    assert said.code == 0
    checker = Credentials([Credential(user="norce", password_hash=said.out.strip())])
    header = b"Basic bm9yY2U6aGVtbGlndMOFw4TDljp4"
    assert asyncio.run(checker.verify(header)) == "norce"


@pytest.mark.parametrize("stdin", ["", "\n"])
def test_an_empty_password_is_no_password(command: Command, stdin: str) -> None:
    said = command("credentials", "hash", stdin=stdin)
    assert (said.code, said.out) == (1, "")
    assert said.err == "An empty password protects nothing; choose one of 16 characters or more.\n"


def test_init_never_writes_over_anything(command: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    said = command("init", str(tmp_path))
    assert said.code == 1
    assert "is not empty; name a new folder" in said.err


def test_simulate_order_prints_what_norce_sends(command: Command) -> None:
    said = command("simulate", "order", "--lines", "3", "--seed", "7", "--reference", "100777", "--market", "NO")
    order = decode_order(said.out.encode())
    assert order.ClientOrderRef == "100777"
    assert order.CurrencyCode == "NOK"
    assert len(order.Items or ()) == 3
    again = command("simulate", "order", "--lines", "3", "--seed", "7", "--reference", "100777", "--market", "NO")
    assert again.out == said.out


def test_simulate_send_needs_a_file_and_a_password(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = ("--to", "http://127.0.0.1:1/orders")
    said = command("simulate", "send", str(tmp_path / "nothing.json"), *to)
    assert (said.code, said.err) == (1, f"{tmp_path}/nothing.json cannot be read: No such file or directory.\n")
    (tmp_path / "order.json").write_bytes(order_body())
    monkeypatch.delenv("RECEIVER_PASSWORD", raising=False)
    said = command("simulate", "send", str(tmp_path / "order.json"), *to)
    assert (said.code, said.err) == (2, "Set the environment variable RECEIVER_PASSWORD to the door's password.\n")


def test_simulate_send_says_what_norce_does_when_nobody_answers(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECEIVER_PASSWORD", "secret")
    said = command("simulate", "send", "-", "--to", "http://127.0.0.1:1/orders", stdin=order_body().decode())
    assert said.code == 1
    assert said.out.startswith("Norce sends the order again every 10 minutes for up to 6 hours: the connection failed")


def test_the_demo_shows_the_way_of_an_order() -> None:
    """The picture, drawn from what happens to two orders."""
    state = NorceState()
    view = DemoView(state)
    for reference in ("100001", "100002"):
        state.register(decode_order(order_body(reference)))
        view.sent(SentEvent(reference, 1, What.RETRY, "cut", Trouble.CUT_BODY))
    view.sent(SentEvent("100001", 2, What.TAKEN_OVER, "taken"))
    view.answered(ErpEvent("a.json", "shop-100001", "SO-1"))
    view.answered(ErpEvent("b.json", "shop-100002", refused="no"))
    view.answered(ErpEvent("c.json", None, unreadable="half"))
    with console.capture() as capture:
        console.print(view.draw(build_report(state), 1))
    said = capture.get()
    assert re.search(r"100001\s+3\s+yes\s+SO-1", said)
    assert re.search(r"100002\s+3\s+refused: no\s+body cut off", said)


def test_the_demo_keeps_its_files_in_one_folder(tmp_path: Path) -> None:
    folder = demo_files.DemoFolder(tmp_path)
    folder.write_configuration(8080, "http://127.0.0.1:9000")
    assert folder.configuration == tmp_path / "receiver.toml"
    assert folder.store == tmp_path / "orders.db"
    assert folder.erp(3).refuse_every == 3
    assert "http://127.0.0.1:9000" in folder.configuration.read_text()


def test_json_is_json_everywhere(command: Command, folder: Installation) -> None:
    command.configured("db", "upgrade")
    for arguments in (["answers", "--json"], ["check", "--json"], ["orders", "list", "--json"]):
        said = command(*arguments) if arguments[0] == "answers" else command.configured(*arguments)
        assert isinstance(json.loads(said.out), list)


def test_check_looks_at_the_certificate(command: Command, folder: Installation) -> None:
    text = folder.configuration.read_text("utf-8").replace("[door]", '[door]\ntls_certificate = "door.pem"')
    folder.configuration.write_text(text, "utf-8")
    said = command.configured("check", "--offline")
    assert said.code == 1
    assert f"The TLS certificate {folder.base / 'door.pem'} cannot be used: No such file or directory." in said.out
    (folder.base / "door.pem").write_text("no certificate")
    assert "cannot be used" in command.configured("check", "--offline").out


def test_a_store_that_cannot_be_made_is_told_in_one_line(command: Command, folder: Installation) -> None:
    text = folder.configuration.read_text("utf-8").replace("orders.db", "/proc/nowhere/orders.db")
    folder.configuration.write_text(text, "utf-8")
    said = command.configured("db", "upgrade")
    assert said.code == 1
    assert "/proc/nowhere/orders.db cannot be used as the database" in said.err


def test_check_says_where_the_store_cannot_be_made(command: Command, folder: Installation) -> None:
    (folder.base / "taken").write_text("a file, not a folder")
    text = folder.configuration.read_text("utf-8").replace("orders.db", "taken/orders.db")
    folder.configuration.write_text(text, "utf-8")
    assert f"cannot be created: {folder.base / 'taken'} cannot be written to" in command.configured("check").out
