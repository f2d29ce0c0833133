"""Stands in for `bluelamp` where a test is about supervision and not about what the roles do.

Takes the same words: `serve api` answers /healthz, `serve worker` only lives, `migrate` ends well, unless told to fail.
"""

import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Door(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


def main() -> None:
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    match sys.argv[1:]:
        case ["migrate"]:
            sys.stdout.write("migrating\n")
            sys.exit(int(os.environ.get("STAND_IN_MIGRATE_EXIT", "0")))
        case ["serve", "api"]:
            server = ThreadingHTTPServer((os.environ["BLUELAMP_HOST"], int(os.environ["BLUELAMP_PORT"])), Door)
            threading.Thread(target=server.serve_forever, daemon=True).start()
        case ["serve", "worker"]:
            Path(os.environ["BLUELAMP_READY_FILE"]).touch()
    ending.wait()
    with Path(os.environ["BLUELAMP_DATA"], "ended").open("a") as ended:
        ended.write(f"{sys.argv[2]}\n")


main()
