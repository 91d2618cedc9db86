"""receiver.toml and the environment, and every message about them."""

from decimal import Decimal
from pathlib import Path

import pytest

from order_receiver.settings.load import load
from order_receiver.settings.model import Settings
from order_receiver.settings.problems import SettingsError
from order_receiver.settings.targets import FolderTarget

GOOD = """\
mode = "development"

[door]
port = 9000
read_timeout = 1.5

[[door.credentials]]
user = "norce"
password_hash = "x"

[[applications]]
key = "11111111-2222-3333-4444-555555555555"
name = "Shop SE"
rounding_allowance = 0.10

[[applications]]
key = "11111111-2222-3333-4444-666666666666"
name = "Shop NO"

[targets.my-erp]
adapter = "folder"
outbox = "out"

[norce]
slug = "shop"
client_id = "c"
client_secret = { env = "NORCE_SECRET" }
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("receiver.toml").write_text(GOOD)
    return Path("receiver.toml")


def problems(text: str, **environ: str) -> list[str]:
    path = Path("receiver.toml")
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as failed:
        load(path, environ)
    lines = str(failed.value).splitlines()
    assert len(lines) == len(failed.value.problems)
    return lines


def test_a_whole_file(file: Path) -> None:
    settings = load(file, {})
    assert settings.door.port == 9000
    assert settings.door.read_timeout == 1.5
    assert isinstance(settings.door.read_timeout, float)
    assert [each.name for each in settings.applications] == ["Shop SE", "Shop NO"]
    assert settings.applications[0].rounding_allowance == Decimal("0.10")
    assert outbox(settings, "my-erp") == "out"
    assert settings.norce is not None
    assert settings.norce.client_secret.env == "NORCE_SECRET"


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"\xef\xbb\xbfmode = 'production'\r\n"])
def test_an_empty_file_is_all_defaults(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert load(file, {}) == Settings()


def test_every_target_names_its_adapter(file: Path) -> None:
    file.write_text('[targets.erp]\noutbox = "o"')
    assert "targets.erp.adapter: `adapter` is missing." in problems(file.read_text())[0]


def outbox(settings: Settings, name: str) -> str:
    target = settings.targets[name]
    assert isinstance(target, FolderTarget)
    return target.outbox


CASES = {
    "[door]\nprot = 1": "receiver.toml:2: door.prot: unknown setting. Did you mean `port`?",
    "[doors]\nport = 1": "receiver.toml:1: doors: unknown setting. Did you mean `door`?",
    "[store]\nqqq = 1": (
        "receiver.toml:2: store.qqq: unknown setting. Known: `migrate_on_start`, `password`, `path`, `url`."
    ),
    "[door]\nport = 70000": "receiver.toml:2: door.port: must be a whole number from 0 to 65535; it is 70000.",
    "[door]\nport = true": "receiver.toml:2: door.port: must be a whole number from 0 to 65535; it is true.",
    "[door]\nport = '8080'": 'receiver.toml:2: door.port: must be a whole number from 0 to 65535; it is "8080".',
    "[door]\nport = [1]": "receiver.toml:2: door.port: must be a whole number from 0 to 65535; it is a list.",
    "door.host = {}": "receiver.toml:1: door.host: must be text; it is a table.",
    "door.host = 1979-05-27": "receiver.toml:1: door.host: must be text; it is 1979-05-27.",
    "door.read_timeout = 0": "receiver.toml:1: door.read_timeout: must be a number above 0; it is 0.",
    "door.read_timeout = inf": "receiver.toml:1: door.read_timeout: must be a number above 0; it is Infinity.",
    "work.lease = 0.5": "receiver.toml:1: work.lease: must be a number, 1 or more; it is 0.5.",
    "door.body_limit = 1": "receiver.toml:1: door.body_limit: must be a whole number, 1024 or more; it is 1.",
    "door.behind_proxy = 1": "receiver.toml:1: door.behind_proxy: must be true or false; it is 1.",
    "mode = 'prodution'": "receiver.toml:1: mode: must be `development` or `production`; "
    'it is "prodution". Did you mean `production`?',
    "door = 5": "receiver.toml:1: door: must be a table with keys of its own.",
    "applications = 5": "receiver.toml:1: applications: must be a list of tables; it is 5.",
    "targets = 5": "receiver.toml:1: targets: must be tables by name; it is 5.",
    "[applications]\nname = 'x'": "receiver.toml:1: applications: must be a list of tables; it is a table.",
    "applications = [\n  5,\n]": "receiver.toml:1: applications[0]: must be a table with keys of its own.",
    "[[applications]]\nkey = 'x'": "receiver.toml:1: applications[0]: `name` is missing: what people call it.",
    "[[applications]]\nkey='x'\nname='x'\nrounding_allowance = nan": "receiver.toml:4: "
    "applications[0].rounding_allowance: must be a number; it is NaN.",
    "[targets.erp]\nadapter = 'foldr'\noutbox = 'o'": "receiver.toml:2: targets.erp.adapter: "
    'there is no adapter "foldr". Did you mean `folder`?',
    "[norce]\nslug='a'\nbase_url='b'\nclient_id='c'\nclient_secret={env='X'}": "receiver.toml:1: norce: "
    "names exactly one host: either `slug` (with `region` and `environment`) or `base_url`.",
    "[norce]\nslug='a'\nclient_id='c'\nclient_secret={}": "receiver.toml:4: norce.client_secret: "
    "names exactly one place: either `env` or `file`.",
    "[norce]\nslug='a'\nclient_id='c'\nclient_secret={env='X', file='y'}": "receiver.toml:4: norce.client_secret: "
    "names exactly one place: either `env` or `file`.",
    "[norce]\nslug='a'\nclient_id='c'\nclient_secret='hunter2'": "receiver.toml:4: norce.client_secret: "
    "must not be the secret itself. Say where it is kept: "
    'client_secret = { env = "NAME_OF_A_VARIABLE" } or client_secret = { file = "path" }.',
    "[norce]\nslug='a'\nclient_id='c'": "receiver.toml:1: norce: `client_secret` is missing: "
    "where the secret is kept; never the secret itself.",
    "[[door.credentials]]\nuser = 'u'\npassword_hash = 5": "receiver.toml:3: door.credentials[0].password_hash: "
    "must be text; it is something else (not shown).",
    "door.host = [" + "1," * 100 + "]": "receiver.toml:1: door.host: must be text; it is a list.",
    "door.port = '" + "9" * 100 + "'": "receiver.toml:1: door.port: must be a whole number from 0 to 65535; "
    'it is "' + "9" * 58 + "….",
    "mode = \n": "receiver.toml:1: is not valid TOML: Invalid value.",
    "a = 1\na = 2\n": "receiver.toml:2: a: stands there already, further up. Keep one of the two.",
    "mode = '''": "receiver.toml: is not valid TOML: Expected \"'''\" (at end of document).",
}


@pytest.mark.parametrize(("text", "message"), CASES.items())
def test_what_is_wrong_and_where(file: Path, text: str, message: str) -> None:
    assert problems(text) == [message]


def test_all_problems_at_once_with_their_lines(file: Path) -> None:
    text = GOOD.replace("port = 9000", "port = 'x'").replace('name = "Shop NO"', 'nam = "Shop NO"')
    assert problems(text.replace('outbox = "out"', "outbox = 1\npoll = 0")) == [
        'receiver.toml:4: door.port: must be a whole number from 0 to 65535; it is "x".',
        "receiver.toml:18: applications[1].nam: unknown setting. Did you mean `name`?",
        "receiver.toml:16: applications[1]: `name` is missing: what people call it.",
        "receiver.toml:23: targets.my-erp.poll: must be a number above 0; it is 0.",
        "receiver.toml:22: targets.my-erp.outbox: must be text; it is 1.",
    ]


def test_a_secret_is_never_repeated(file: Path) -> None:
    text = (
        "[norce]\nslug='a'\nclient_id='c'\nclient_secret='hunter2'\n[[door.credentials]]\nuser='u'\npassword='hunter2'"
    )
    shown = "\n".join(problems(text, ORDER_RECEIVER__NORCE__CLIENT_SECRET="hunter2"))
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no such file. Make one with `order-receiver init DIR`, or name another file."),
        (b"mode = '\xff'", "is not UTF-8 text (byte 8). Save it as UTF-8."),
    ],
)
def test_a_file_that_cannot_be_read(file: Path, content: bytes | None, message: str) -> None:
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError) as failed:
        load(file, {})
    assert str(failed.value).endswith(message)


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read: Is a directory\."):
        load(tmp_path, {})


def test_the_environment_lies_over_the_file(file: Path) -> None:
    settings = load(
        file,
        {
            "ORDER_RECEIVER__DOOR__PORT": "9090",
            "order_receiver__door__host": "0.0.0.0",
            "ORDER_RECEIVER__DOOR__BEHIND_PROXY": "true",
            "ORDER_RECEIVER__DOOR__READ_TIMEOUT": "2.5",
            "ORDER_RECEIVER__STORE__PATH": "123",
            "ORDER_RECEIVER__MODE": '"production"',
            "ORDER_RECEIVER__APPLICATIONS__1__NAME": "Butikk",
            "ORDER_RECEIVER__APPLICATIONS__2__NAME": "Third",
            "ORDER_RECEIVER__APPLICATIONS__2__KEY": "k",
            "ORDER_RECEIVER__APPLICATIONS__0__ROUNDING_ALLOWANCE": "0.50",
            "ORDER_RECEIVER__TARGETS__MY_ERP__OUTBOX": "elsewhere",
            "ORDER_RECEIVER__NORCE__CLIENT_SECRET__ENV": "OTHER",
            "ORDER_RECEIVER_CONFIG": "not an override",
            "PATH": "/bin",
        },
    )
    assert (settings.door.port, settings.door.host, settings.door.behind_proxy) == (9090, "0.0.0.0", True)
    assert settings.door.read_timeout == 2.5
    assert settings.store.path == "123"
    assert settings.mode == "production"
    assert [each.name for each in settings.applications] == ["Shop SE", "Butikk", "Third"]
    assert settings.applications[0].rounding_allowance == Decimal("0.50")
    assert outbox(settings, "my-erp") == "elsewhere"
    assert settings.norce is not None
    assert settings.norce.client_secret.env == "OTHER"


def test_a_configuration_from_the_environment_alone(file: Path) -> None:
    file.write_text("")
    environ = {"TARGETS__ERP__ADAPTER": "folder", "TARGETS__ERP__OUTBOX": "o", "LOG__FORMAT": "console"}
    settings = load(file, {f"ORDER_RECEIVER__{name}": value for name, value in environ.items()})
    assert outbox(settings, "erp") == "o"
    assert settings.log.format == "console"


def test_more_than_ten_entries_come_in_their_order(file: Path) -> None:
    file.write_text("")
    environ = {
        f"ORDER_RECEIVER__APPLICATIONS__{index}__{key}": f"{index}" for index in range(12) for key in ("KEY", "NAME")
    }
    assert [each.key for each in load(file, environ).applications] == [f"{index}" for index in range(12)]


OVERRIDES = {
    ("DOOR__PROT", "1"): "unknown setting. Did you mean `port`?",
    ("DOORS__PORT", "1"): "unknown setting. Did you mean `door`?",
    ("DOOR__PORT", "x"): 'must be a whole number from 0 to 65535; it is "x".',
    ("DOOR__PORT", ""): 'must be a whole number from 0 to 65535; it is "".',
    ("DOOR__PORT", "1\n[door]\nhost = 'x'"): "must be a whole number from 0 to 65535; it is \"1\n[door]\nhost = 'x'\".",
    ("MODE", "developement"): 'must be `development` or `production`; it is "developement". '
    "Did you mean `development`?",
    ("DOOR", "5"): "must be a table with keys of its own.",
    ("DOOR____PORT", "5"): "has an empty name between its double underscores.",
    ("DOOR__PORT__X", "5"): "`X` is looked for within a single value; only tables and lists of tables have something "
    "inside.",
    ("APPLICATIONS__7__NAME", "x"): "`7` is not an index from 0 to 2; entries are added one after the other.",
    ("APPLICATIONS__X__NAME", "x"): "`X` is not an index from 0 to 2; entries are added one after the other.",
    ("APPLICATIONS__1", "x"): "must be a table with keys of its own.",
    ("APPLICATIONS__2", "x"): "must be a table with keys of its own.",
    ("TARGETS__MY_ERP__ADAPTER", "foldr"): 'there is no adapter "foldr". Did you mean `folder`?',
    ("NORCE__CLIENT_SECRET", "hunter2"): "must not be the secret itself. Say where it is kept: "
    'client_secret = { env = "NAME_OF_A_VARIABLE" } or client_secret = { file = "path" }.',
}


@pytest.mark.parametrize(("override", "message"), OVERRIDES.items())
def test_what_is_wrong_in_the_environment(file: Path, override: tuple[str, str], message: str) -> None:
    name, value = override
    with pytest.raises(SettingsError) as failed:
        load(file, {f"ORDER_RECEIVER__{name}": value})
    assert str(failed.value) == f"environment: ORDER_RECEIVER__{name}: {message}"
