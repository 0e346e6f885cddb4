"""Something that speaks like a Redis and answers what a test wants."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

FACTS = {"redis_version": "7.0.15", "redis_mode": "standalone", "aof_enabled": "1"}


@contextmanager
def answering(line: str, **facts: str) -> Iterator[str]:
    """Yield the address of a server that answers INFO with facts, and all else with one line."""
    told = "".join(f"{name}:{value}\r\n" for name, value in (FACTS | facts).items())

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while head := self.rfile.readline():
                words = []
                for _ in range(int(head[1:])):
                    length = int(self.rfile.readline()[1:])
                    words.append(self.rfile.read(length + 2)[:-2])
                if words[0] == b"INFO":
                    self.wfile.write(f"${len(told)}\r\n{told}\r\n".encode())
                elif words[0] == b"CLIENT":  # the library says its name and does not wait for more
                    self.wfile.write(b"+OK\r\n")
                else:
                    self.wfile.write(f"{line}\r\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Session) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"redis://127.0.0.1:{server.server_address[1]}/0"
        finally:
            server.shutdown()
            thread.join()
