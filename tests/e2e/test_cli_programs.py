"""Commands as processes of their own: what only a whole run shows."""

import asyncio
import json
import re
import signal
import socket
import sys
from pathlib import Path
from random import Random

from tests.e2e.conftest import CLIENT_ID, CLIENT_SECRET, PASSWORD, Installation, order_body, quiet_port, run_cli, until

from order_receiver.settings.load import load


async def test_demo(environment: dict[str, str], tmp_path: Path) -> None:
    """The newcomer's first minute, made short."""
    said = await run_cli(environment, tmp_path, "demo", "--orders", "12", "--rate", "20", "--dir", "here")
    assert said.code == 0, said.out + said.err
    counts = {match[2]: int(match[1]) for match in re.finditer(r"│\s+(\d+) │ (\w[\w ]*\w)\s+│", said.out)}
    assert (counts["sent"], counts["received"], counts["confirmed"] + counts["held"]) == (12, 12, 12)
    assert (counts["missing"], counts["wrong"]) == (0, 0)
    (run,) = (tmp_path / "here").iterdir()
    assert len(list((run / "erp" / "taken").glob("*.json"))) == 12
    assert "order-receiver orders list --config" in said.out


async def test_simulate_norce_sends_orders_and_reports(installation: Installation) -> None:
    port = quiet_port(Random(str(installation.base)))
    installation.configure(norce=f"http://127.0.0.1:{port}")
    program = await installation.serve()
    environment = {**installation.environment, "RECEIVER_PASSWORD": PASSWORD, "NORCE_CLIENT_SECRET": CLIENT_SECRET}
    async with installation.erp():
        said = await run_cli(
            environment,
            installation.base,
            *("simulate", "norce", "--to", program.receiver().url, "--port", str(port), "--client-id", CLIENT_ID),
            *("--count", "10", "--rate", "50", "--time-factor", "6000", "--twice", "0.5", "--challenge", "--json"),
        )
    report = json.loads(said.out)
    assert said.code == 0, said.err
    assert (report["good"], report["sent"], report["confirmed"], report["missing"]) == (True, 10, 10, [])
    assert await program.terminate() == 0


async def test_simulate_norce_alone_runs_until_told_to_stop(installation: Installation) -> None:
    program = await installation.start_plain("simulate", "norce")
    await until(lambda: "identity server, Connect" in program.log.read_text(), "simulated Norce is there")
    assert "client id demo-client, client secret " in program.log.read_text()
    program.process.send_signal(signal.SIGINT)
    assert await program.ended() == 0


async def test_simulate_erp_takes_what_is_there(installation: Installation) -> None:
    erp = installation.base / "erp"
    program = await installation.start_plain("simulate", "erp", str(erp / "outbox"), str(erp / "inbox"))
    (erp / "outbox" / "a.json").write_text('{"key": "shop-1"}')
    await until(lambda: "a.json: SO-10001" in program.log.read_text(), "the demo ERP has answered")
    assert json.loads((erp / "inbox" / "a.json").read_text()) == {"key": "shop-1", "erp_order_no": "SO-10001"}
    assert await program.terminate() == 0


async def test_simulate_send_says_what_norce_does_next(installation: Installation) -> None:
    program = await installation.serve()
    order = installation.base / "order.json"
    order.write_bytes(order_body())
    sentences = []
    for password in (PASSWORD, "wrong"):
        environment = {**installation.environment, "RECEIVER_PASSWORD": password}
        arguments = ("simulate", "send", str(order), "--to", program.receiver().url, "--challenge")
        sentences.append(await run_cli(environment, installation.base, *arguments))
    assert [(said.code, said.out) for said in sentences] == [
        (0, "The order is taken over; its status in Norce is Allocation; it waits to be told Confirmed.\n"),
        (
            1,
            (
                "Norce sends the order again every 10 minutes for up to 6 hours: "
                "HTTP 401 is not 200 (User name or password is wrong).\n"
            ),
        ),
    ]
    assert await program.terminate() == 0


async def test_init_makes_a_folder_that_checks_out(environment: dict[str, str], tmp_path: Path) -> None:
    said = await run_cli(environment, tmp_path, "init", "mine")
    assert said.code == 0, said.err
    password = re.search(r"User name norce, password (\S+)", said.out)
    assert password is not None
    project = tmp_path / "mine"
    assert password[1] not in (project / "receiver.toml").read_text()
    assert load(project / "receiver.toml", {}).door.credentials[0].user == "norce"
    checked = await run_cli(environment, project, "check", "--offline")
    assert (checked.code, "error" in checked.out) == (0, False)
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", str(project))
    tests = await asyncio.create_subprocess_exec(
        *command, cwd=project, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await tests.communicate()
    assert tests.returncode == 0, out.decode()


async def test_what_init_wrote_takes_the_order_beside_it(environment: dict[str, str], tmp_path: Path) -> None:
    """The five minutes of the README that `init` writes: init, serve, simulate send, a file for the ERP."""
    said = await run_cli(environment, tmp_path, "init", "mine")
    password = said.out.partition("password ")[2].split()[0]
    project = Installation(tmp_path / "mine", "", {**environment, "ORDER_RECEIVER__DOOR__PORT": "0"})
    text = project.configuration.read_text().replace('format = "console"', 'format = "json"')
    project.configuration.write_text(text)
    program = await project.serve()
    try:
        sent = await run_cli(
            {**environment, "RECEIVER_PASSWORD": password},
            project.base,
            *("simulate", "send", "tests/order.json", "--to", program.receiver().url),
        )
        assert sent.out.startswith("The order is taken over")
        outbox = project.base / "var" / "erp" / "outbox"
        await until(lambda: list(outbox.glob("*.json")), "the order's file is there for the ERP")
        (file,) = outbox.glob("*.json")
        assert json.loads(file.read_text())["webOrder"] == "100001"
        assert await program.terminate() == 0
    finally:
        await program.kill()


async def test_a_port_in_use(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        installation.configure(port=port)
        program = await installation.start("serve")
        assert await program.ended() == 1
    (line,) = [line for line in program.log.read_text().splitlines() if "cannot listen" in line]
    assert line == (
        f"The door cannot listen on 127.0.0.1:{port}: Address already in use. "
        "Choose another door.port, or stop what uses this one."
    )
    assert "Traceback" not in program.log.read_text()


async def test_serve_leaves_a_newer_schema_alone(installation: Installation) -> None:
    program = await installation.serve()
    await program.terminate()
    installation.make_newer()
    again = await installation.start("serve")
    assert await again.ended() == 1
    assert "The database was written by a newer version of the order receiver" in again.log.read_text()
    assert "Traceback" not in again.log.read_text()


async def test_credentials_hash_in_a_pipe(environment: dict[str, str], tmp_path: Path) -> None:
    said = await run_cli(environment, tmp_path, "credentials", "hash", stdin=b"secret\n")
    assert said.code == 0
    assert said.out.startswith("$argon2id$")
    assert said.err == ""
