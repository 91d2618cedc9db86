"""A real Odoo 14 from Debian's packages in a chroot, on a PostgreSQL of its own, and a plain look at what is in it."""

import faulthandler
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from urllib.request import Request, urlopen

from tests.postgresql.cluster import Cluster
from tests.tryton.server import die_with_parent, free_port

ROOT = Path(__file__).parent.parent.parent
CHROOT = ROOT / ".cache" / "odoo14"
DATABASE, ADMIN = "o14", "admin"
MODULES = "sale_management,stock,delivery,l10n_se"
PATIENCE = 120.0
INSTALLING = 1800.0
CONFIGURATION = """\
[options]
data_dir = {folder}
db_host = 127.0.0.1
db_port = {database_port}
db_user = odoo14
db_password = odoo14
http_interface = 127.0.0.1
xmlrpc_interface = 127.0.0.1
http_port = {port}
workers = 0
max_cron_threads = 0
log_level = warn
without_demo = all
"""
# Odoo dies without /proc. It is mounted in a namespace that ends with Odoo, so that nothing is left to be unmounted.
INSIDE = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'


class Odoo:
    """One server with a new database; it ends with this process, however that ends."""

    def __init__(self, chroot: Path, cluster: Cluster) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._chroot = chroot
        self._inner = Path("/srv") / f"run-{os.getpid()}"
        self.folder = chroot / self._inner.relative_to("/")
        self.folder.mkdir(parents=True)
        configuration = self._inner / "odoo.conf"
        text = CONFIGURATION.format(folder=self._inner, database_port=cluster.port, port=self.port)
        (self.folder / "odoo.conf").write_text(text)
        cluster.execute("CREATE ROLE odoo14 LOGIN CREATEDB PASSWORD 'odoo14'")
        usual = ("-c", str(configuration), "-d", DATABASE)
        making = self._popen(*usual, "-i", MODULES, "--stop-after-init", "--no-http")
        self._install(making)
        self._process = self._popen(*usual, f"--db-filter=^{DATABASE}$")
        self._wait()

    def _install(self, making: subprocess.Popen[bytes]) -> None:
        """Slow machines take longer than pytest lets a test take (`faulthandler_timeout`): this has its own limit."""
        faulthandler.cancel_dump_traceback_later()
        try:
            assert making.wait(INSTALLING) == 0, self.log
        except subprocess.TimeoutExpired:
            raise AssertionError(f"Odoo was not installed after {INSTALLING:g} seconds: {self.log}") from None
        finally:
            making.kill()
            making.wait()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-3000:]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self.folder)

    def read(self, model: str, domain: list[object], *fields: str, **context: object) -> list[dict[str, object]]:
        """Records as Odoo answers them."""
        found = self.call(model, "search_read", domain, fields=fields, context=context)
        assert isinstance(found, list)
        return found

    def call(self, model: str, method: str, *args: object, **options: object) -> object:
        """A method of a model, called by the administrator."""
        return self._post("object", "execute_kw", DATABASE, 2, ADMIN, model, method, args, options)

    def version(self) -> object:
        return self._post("common", "version")

    def _post(self, service: str, method: str, *args: object) -> object:
        parameters = {"service": service, "method": method, "args": args}
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "id": 1, "params": parameters}).encode()
        with urlopen(Request(f"{self.url}/jsonrpc", body, {"Content-Type": "application/json"})) as answer:
            said = json.loads(answer.read())
        assert "error" not in said, said["error"]
        return said.get("result")

    def _popen(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                ["unshare", "--mount", "--", "sh", "-c", INSIDE, str(self._chroot), "/usr/bin/odoo", *arguments],
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one system call, before there are threads
            )

    def _wait(self) -> None:
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit:
            assert self._process.poll() is None, self.log
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"Odoo's server did not start: {self.log}")
