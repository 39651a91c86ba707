"""Runs one emulator on a free loopback port and dies with the test process that asked for it.

    python serve.py moto|ministack

The first line on standard output is the port. The process ends when its standard input closes:
a test process that is killed, aborts or forgets cannot leave a server behind, because the kernel
closes its end of the pipe in every case.
"""

import asyncio
import os
import socket
import sys
import threading

HOST = "127.0.0.1"


def die_with_parent() -> None:
    """Blocks on standard input in a thread of its own; its end is the end of this process."""

    def wait() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def announce(port: int) -> None:
    # Standard output carries the port and nothing else: an emulator's own chatter goes to the log
    # (standard error), or its pipe would fill up with nobody reading.
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


def moto() -> None:
    import logging

    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    # Werkzeug writes an answer in two pieces; with Nagle's algorithm on, the second waits for the
    # client's delayed acknowledgement, 40 ms on every call.
    MotoRequestHandler.disable_nagle_algorithm = True
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server(
        HOST,
        0,
        DomainDispatcherApplication(create_backend_app),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
    os.environ["MOTO_PORT"] = str(server.server_port)
    announce(server.server_port)
    server.serve_forever()


def ministack() -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    # Bound here and handed over open, so no other process can take the port in between. The module
    # reads its port when it is imported.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind((HOST, 0))
    listener.listen(128)
    port = listener.getsockname()[1]
    os.environ["GATEWAY_PORT"] = str(port)
    os.environ["BIND_HOST"] = HOST
    os.environ["LOG_LEVEL"] = "ERROR"
    from ministack.app import app

    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.loglevel = "ERROR"
    config.accesslog = None
    announce(port)
    asyncio.run(serve(app, config))


if __name__ == "__main__":
    die_with_parent()
    {"moto": moto, "ministack": ministack}[sys.argv[1]]()
