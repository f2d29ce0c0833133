"""The NATS server that joins a region with the others: its configuration, made for the deployer to start it with."""

from __future__ import annotations

import json
import secrets

import click

from bluelamp.spine.commands import CommandLine


def configuration(region: str, *, port: int, store: str, user: str, password: str, listen: str = "", join: tuple[str, ...] = ()) -> str:
    """A configuration file of nats-server.

    `listen`: host:port at which other regions join here as leaf nodes; `join`: URLs of those that this region joins
    (`tls://user:password@host:port`). `user` and `password` are those of the platform and of who joins here.
    """
    sign_in = f"{{ user: {json.dumps(user)}, password: {json.dumps(password)} }}"
    # Others join by the address that they were given: what this server thinks its own addresses are may lead nowhere, or past a firewall.
    leaves = [f"listen: {json.dumps(listen)}, no_advertise: true, authorization {sign_in}"] if listen else []
    if join:
        leaves.append("remotes: [ " + ", ".join(f"{{ url: {json.dumps(url)} }}" for url in join) + " ], reconnect: 1")
    return f"""server_name: federation-{region}
listen: "127.0.0.1:{port}"
authorization {sign_in}
max_payload: {8 << 20}
jetstream {{ domain: {region}, store_dir: {json.dumps(store)}, sync_interval: always }}
leafnodes {{ {", ".join(leaves)} }}
"""


@click.group("federation")
def federation() -> None:
    """Join this platform with those of other regions."""


@federation.command("config")
@click.argument("region")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=4333, show_default=True, help="Where the platform reaches it, on this machine."
)
@click.option(
    "--listen", default="", metavar="HOST:PORT", help="Where other regions join. Give TLS in the file before it leaves your network."
)
@click.option("--join", multiple=True, metavar="URL", help="Another region's address: tls://user:password@host:port.")
@click.option("--store", default="federation", show_default=True, help="Folder that keeps what waits for the others.")
@click.pass_obj
def config(platform: CommandLine, region: str, port: int, listen: str, join: tuple[str, ...], store: str) -> None:
    """Print the configuration of REGION's federation server, with a new password: `nats-server --config FILE` runs it."""
    if not listen and not join:
        raise click.UsageError("say where others join (--listen) or whom this region joins (--join)")
    password = secrets.token_urlsafe(24)
    text = configuration(region, port=port, store=store, user="federation", password=password, listen=listen, join=join)
    url = f"nats://federation:{password}@127.0.0.1:{port}"
    answer = {"config": text, "url": url}
    platform.emit(answer, lambda told: [told["config"], f"# BLUELAMP_FEDERATION_REGION={region} BLUELAMP_FEDERATION_URL={told['url']}"])
