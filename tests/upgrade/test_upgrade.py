"""From the previous release to this one while orders come in, and what an old program does when it is left behind."""

import asyncio
import json
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from tests.e2e.conftest import PATIENCE, Program
from tests.hosts.load import Load
from tests.hosts.site import Site, assert_each_once
from tests.upgrade.conftest import HERE, newest_schema

from order_receiver.simulator.send_options import What

REVISION = "SELECT version_num FROM alembic_version"


async def test_old_and_new_work_side_by_side(site: Site, previous: Path) -> None:
    """Two of the previous release; one of this, which upgrades the schema as it starts; that one alone."""
    old = [site.add(name, source=previous) for name in ("old-1", "old-2")]
    new = site.add("new")
    load = await site.simulate_norce(site.add("norce"), thinking=0.05)
    for host in (*old, new):
        site.configure(host, norce=load.url)
    async with site.erp() as erp:
        # One after the other, as the first has to compile.
        opened = {host.name: await host.serve() for host in old}
        load.send(urls(opened))
        await asyncio.gather(*(takes_part(load, name, program) for name, program in opened.items()))
        assert site.rows(REVISION) == [(newest_schema(previous),)]

        opened["new"] = await new.serve()
        assert site.rows(REVISION) == [(newest_schema(HERE),)]
        load.send(urls(opened))
        await asyncio.gather(*(takes_part(load, name, program) for name, program in opened.items()))

        # The old ones go, as from behind a load balancer; what they have not done yet is left to the new one.
        for name in ("old-1", "old-2"):
            await load.leave(name)
            assert await opened.pop(name).terminate() == 0
        await assert_each_once(site, load, erp)
    answers = [each for name in ("old-1", "old-2", "new") for each in load.attempts(name)]
    refused = [each.detail for each in answers if each.what is not What.TAKEN_OVER]
    assert [detail for detail in refused if "HTTP 503" not in detail] == []
    print(f"{len(answers) - len(refused)} orders taken over, {len(refused)} times 503")


async def test_a_program_that_is_left_behind_says_so(site: Site, previous: Path, following: Path) -> None:
    """The next release takes away what this one has left: this one goes on beside it, the one before does not."""
    old, new, newer = site.add("old", source=previous), site.add("new"), site.add("newer", source=following)
    for host in (old, new, newer):
        site.configure(host, norce="http://127.0.0.1:9")
    left_behind = await old.serve("--no-work")
    code, said = await newer.run("db", "upgrade")
    assert code == 0, said

    status, told = await ask(left_behind, "/health/ready")
    assert (status, "at schema 9001" in json.loads(told)["detail"]) == (503, True)
    (code, said), beside = await asyncio.gather(old.run("serve"), new.serve("--no-work"))
    assert code == 1
    assert "The database is at schema 9001. The database was written by a newer version" in said
    assert "Traceback" not in said
    assert (await ask(beside, "/health/ready"))[0] == 200
    assert site.rows(REVISION) == [("9001",)]


def urls(opened: dict[str, Program]) -> dict[str, str]:
    return {name: program.receiver().url for name, program in opened.items()}


async def takes_part(load: Load, name: str, program: Program) -> None:
    """Wait until a program's door takes orders, and its worker hands some on, from now on."""
    done = await calls(program)
    await load.goes_on(name)
    async with asyncio.timeout(PATIENCE):
        while await calls(program) == done:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.1)
    assert (await ask(program, "/health/ready"))[0] == 200


async def calls(program: Program) -> float:
    """How many calls to other systems a program has made that went well."""
    _, text = await ask(program, "/metrics")
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    made = [each for each in samples if each.name == "order_receiver_outgoing_calls_total"]
    return sum(each.value for each in made if each.labels["outcome"] == "done")


async def ask(program: Program, path: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{program.port}{path}") as answer,
    ):
        return answer.status, await answer.text()
