"""What the platform is told from outside: command line, then environment `BLUELAMP_*`, then these defaults."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from bluelamp.spine.secret_files import FromFiles


class PlatformSettings(FromFiles, BaseSettings):
    """Settings of the spine. A capability declares its own in its `settings.py`; docs/settings.md lists all (tested)."""

    model_config = SettingsConfigDict(env_prefix="BLUELAMP_", extra="ignore", frozen=True)

    data: Path = Field(Path.home() / ".local/share/bluelamp", description="Folder that holds everything the platform keeps.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    hosts: str = Field(
        "", description="Names that requests may ask for (Host), comma-separated, without ports. Empty: any. Set it where browsers come in."
    )
    port: int = Field(8600, ge=0, le=65535, description="Port to listen on.")
    database_url: str = Field("", repr=False, description="PostgreSQL. Empty: the embedded one.")
    nats_url: str = Field("", repr=False, description="NATS with JetStream, comma-separated for a cluster. Empty: the embedded one.")
    mqtt_listen: str = Field(
        "",
        description="Address (host:port) at which the embedded NATS takes positions of vehicles by MQTT, such as `0.0.0.0:8883`."
        " Empty: none. Beyond this machine it needs `tls_cert` and `tls_key`.",
    )
    nats_replicas: int = Field(1, ge=1, le=5, description="Copies that JetStream keeps of each stream.")
    columnar_url: str = Field("", repr=False, description="ClickHouse's HTTP interface. Empty: the embedded chDB.")
    columnar_cluster: str = Field("", description="Name of the ClickHouse cluster for replicated, sharded tables. Empty: one node.")
    blobs_url: str = Field("", repr=False, description="Blob store: file:///folder or s3://bucket/prefix. Empty: a folder under data.")
    map_folder: Path | None = Field(
        None,
        description="Folder of your own map: a MapLibre `style.json` and the files it names. Empty: `map` in the data folder.",
    )
    tls_cert: str = Field("", description="PEM file of the certificate and its chain: the platform then speaks TLS itself.")
    tls_key: str = Field("", description="PEM file of the certificate's key.")
    trusted_proxies: str = Field(
        "127.0.0.1",
        description="Addresses, comma-separated, whose X-Forwarded-For and -Proto are believed: the proxies before it. Empty: none.",
    )
    encryption_key_file: Path | None = Field(
        None, description="File of keys (base64 of 32 bytes, one a line, the current one first) that encrypt pictures and exports at rest."
    )
    encryption_keys: SecretStr = Field(
        SecretStr(""), description="The same keys, separated by commas, where a file is not wanted. Both empty: stored in clear."
    )
    local_mode: bool = Field(True, description="Whether `bluelamp token` may print tokens for accounts on this machine.")
    secure_cookies: bool = Field(False, description="Set the Secure flag on cookies. Turn on behind TLS.")
    public_url: str = Field(
        "",
        description="The address people open, such as `https://bluelamp.example.police.uk`: passkeys belong to it, and a provider sends"
        " people back to it. Empty: `http://localhost` at whichever port was opened.",
    )
    passkey_rp_id: str = Field(
        "", description="Domain that passkeys belong to, where several addresses share them. Empty: the name in the public URL."
    )
    lock_minutes: int = Field(
        15, ge=0, le=720, description="Minutes without a key or pointer until the console locks; a touch opens it. 0: never."
    )
    step_up_minutes: int = Field(
        15, ge=1, le=720, description="How recent a proof must be for exports, emergency overrides and changes of roles, in minutes."
    )
    session_idle_minutes_max: int = Field(60, ge=1, le=1440, description="Minutes without a request until a browser session locks.")
    session_hours_max: int = Field(12, ge=1, le=24, description="Hours until a browser session ends: one long shift.")
    password_length_min: int = Field(12, ge=8, le=128, description="Shortest password accepted.")
    sign_in_failures_max: int = Field(10, ge=3, le=100, description="Failed sign-ins of one account in 15 minutes before it must wait.")
    sign_in_failures_per_address_max: int = Field(
        100, ge=3, le=100_000, description="Failed sign-ins from one network address in 15 minutes before it must wait; many may share one."
    )
    caller_requests_per_minute_max: int = Field(
        12_000, ge=60, description="Requests of one person, whatever the session or token, in a minute, for each API process. More: 429."
    )
    address_requests_per_minute_max: int = Field(
        6_000, ge=60, description="Requests of one network address to public doors (sign-in, the public's page) in a minute. More: 429."
    )
    one_time_password_hours_max: int = Field(72, ge=1, le=720, description="Hours that a one-time password from an administrator works.")
    token_days_max: int = Field(365, ge=1, le=3650, description="Longest life of a bearer token, in days.")
    ranks: str = Field(
        "staff,constable,sergeant,inspector,chief inspector,superintendent,chief superintendent,assistant chief constable,"
        "deputy chief constable,chief constable",
        description="Ranks of posts, lowest first, separated by commas: policy says 'inspector or above'.",
    )
    purposes_file: Path | None = Field(
        None, description="JSON list of the purposes that a search may give. Empty: the demonstration's, which include `test`."
    )
    age_tiers: str = Field(
        "recent:90,extended:365",
        description="Tiers of the age of data, youngest first: name:days. Policies speak of them; they begin with `recent`.",
    )
    authority_rank: str = Field("inspector", description="Lowest rank that may give authority to look at older data: one of `ranks`.")
    policies_folder: Path | None = Field(
        None,
        description="Folder of the installation's own Cedar policies, beside Bluelamp's; read again when it changes.",
    )
    body_bytes_max: int = Field(4 << 20, description="Largest request body outside intake and imports, in bytes.")
    import_bytes_max: int = Field(4 << 30, description="Largest CSV import, in bytes; it is streamed, never held whole.")
    log_file: Path | None = Field(None, description="File that takes the log as JSON lines. Empty: standard error.")
    log_level: str = Field("INFO", description="Least severe level that is logged.")
