"""The reverse proxies' configurations in ``deploy/``, started as they are written there.

Only addresses, ports and paths are put in their places; what the distribution's own configuration would hold around
them (modules, where temporary files go) is the tests'. The gateway does not allow this address as an origin of its own:
a recipe that did not pass the Host on would not let a browser in.
"""

from __future__ import annotations

import contextlib
import functools
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from tests.reach import places
from tests.reach.networks import Network
from tests.reach.places import RECIPE
from tests.reach.reverse_proxies import only_reverse_proxy
from tests.reach.route import Route
from tests.reach.site import PLAIN_PORT, Site
from tests.reach.ways import HTTPS_WAYS

_DEPLOY = Path(__file__).parents[2] / "deploy"
_APACHE_MODULES = ("mpm_event", "authz_core", "env", "headers", "proxy", "proxy_http", "socache_shmcb", "ssl")

Command = Callable[[Path, Path], list[str]]
"""Gives the command line for a folder of the program's own and the configuration in it."""


def _nginx(folder: Path, configuration: Path) -> list[str]:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    around = folder / "nginx.conf"
    around.write_text(
        f"user root;\ndaemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{ access_log off; {temporary} include {configuration}; }}\n"
    )
    return ["nginx", "-e", str(folder / "error.log"), "-c", str(around)]


def _haproxy(folder: Path, configuration: Path) -> list[str]:
    return ["haproxy", "-db", "-f", str(configuration)]


def _apache(folder: Path, configuration: Path) -> list[str]:
    modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in _APACHE_MODULES)
    around = folder / "apache2.conf"
    around.write_text(
        f"ServerRoot {folder}\nDefaultRuntimeDir {folder}\nPidFile {folder}/apache2.pid\nErrorLog {folder}/error.log\n"
        f"ServerName {RECIPE}\nListen {RECIPE}:443\n{modules}Include {configuration}\n"
    )
    return ["apache2", "-DFOREGROUND", "-f", str(around)]


def _caddy(folder: Path, configuration: Path) -> list[str]:
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(configuration)]


def _placed(site: Site, folder: Path, file: str, changes: Sequence[tuple[str, str]]) -> Path:
    """The recipe with this test's addresses, ports and paths in it.

    Raises:
        AssertionError: it does not have one of them, so it would not be tested as it is written.
    """
    certificate, key = site.certificate
    text = (_DEPLOY / file).read_text()
    bundle = folder / "bundle.pem"
    bundle.write_bytes(certificate.read_bytes() + key.read_bytes())
    paths = {"fullchain.pem": certificate, "privkey.pem": key, "bundle.pem": bundle}
    for old, new in (*changes, ("127.0.0.1:8080", f"127.0.0.1:{PLAIN_PORT}")):
        assert old in text, f"{file} has no {old!r}"
        text = text.replace(old, new)
    for name, path in paths.items():
        text = text.replace(f"/etc/wsmedia/{name}", str(path))
    configuration = folder / Path(file).name
    configuration.write_text(text)
    return configuration


@contextlib.asynccontextmanager
async def _standing(
    site: Site, file: str, changes: Sequence[tuple[str, str]], command: Command
) -> AsyncIterator[Route]:
    only_reverse_proxy(site, RECIPE)
    with tempfile.TemporaryDirectory(dir=site.folder) as name:
        folder = Path(name)
        arguments = command(folder, _placed(site, folder, file, changes))
        environment = {"XDG_DATA_HOME": name, "XDG_CONFIG_HOME": name}
        async with places.program(
            site.places.servers, *arguments, listens=(RECIPE, 443), environment=environment, folder=folder
        ):
            yield Route(f"https://{RECIPE}/")


def _recipe(name: str, file: str, command: Command, package: str, *changes: tuple[str, str]) -> Network:
    set_up = functools.partial(_standing, file=file, changes=changes, command=command)
    program = {"apache": "apache2"}.get(name, name)
    return Network(f"recipe-{name}", f"deploy/{file}", set_up, HTTPS_WAYS, ((program, package),))


RECIPES = (
    _recipe("nginx", "nginx/wsmedia.conf", _nginx, "nginx", ("listen 443", f"listen {RECIPE}:443")),
    _recipe("haproxy", "haproxy/haproxy.cfg", _haproxy, "haproxy", ("bind :443", f"bind {RECIPE}:443")),
    _recipe("apache", "apache/wsmedia.conf", _apache, "apache2-bin", ("*:443", f"{RECIPE}:443")),
    _recipe(
        "caddy", "caddy/Caddyfile", _caddy, "caddy", ("meet.example.org {", f"https://{RECIPE} {{\n\tbind {RECIPE}\n")
    ),
)
