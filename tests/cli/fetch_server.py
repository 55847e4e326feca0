#!/usr/bin/env python3
"""A web server that does what web servers do to those who fetch: fetch_server.py DIR [CERTIFICATE KEY]

Prints its port. Every path below is one kind of trouble; what was asked is appended to DIR/asked, a line each.
"""
import os
import socket
import socketserver
import ssl
import sys
import threading
import time
import zlib
from email.utils import formatdate

where = sys.argv[1]
lock = threading.Lock()
DAY = 1700000000
here = {}  # "http" and "https": where the two servers are
again = {}
now = {"at once": 0}  # requests at this moment


def head(status, *lines, length=None):
    more = list(lines)
    if length is not None:
        more.append(f"Content-Length: {length}")
    return ("\r\n".join([f"HTTP/1.1 {status}", *more, "Connection: close", "", ""])).encode()


def body(text, *lines, status="200 OK"):
    data = text if isinstance(text, bytes) else text.encode()
    return head(status, *lines, length=len(data)) + data


def to(url, status="302 Found"):
    return head(status, f"Location: {url}", length=0)


def slow(out):
    out(head("200 OK", length=100000))
    for _ in range(60):
        out(b"x")
        time.sleep(1)


def answer(path, asked, out):
    name = path.split("?")[0].strip("/")
    tag = '"v1 of it"'
    if name == "ok":
        out(body("hello\n", f"ETag: {tag}", f"Last-Modified: {formatdate(DAY, usegmt=True)}", "Content-Type: text/x"))
    elif name == "same":
        fresh = asked.get("if-none-match") == tag or (
            "if-none-match" not in asked and asked.get("if-modified-since") == formatdate(DAY, usegmt=True))
        out(head("304 Not Modified", f"ETag: {tag}") if fresh else body("new\n", f"ETag: {tag}"))
    elif name == "empty":
        out(body(""))
    elif name.isdigit():
        out(body("no such thing\n" * 10, status=f"{name} Whatever"))
    elif name == "missing-and-large":
        out(head("404 Not Found"))
        for _ in range(5000):
            out(b"y" * 65536)
    elif name == "later":
        out(body("", "Retry-After: 120", status="429 Too Many Requests"))
    elif name == "later-date":
        out(body("", f"Retry-After: {formatdate(time.time() + 300, usegmt=True)}", status="503 Busy"))
    elif name == "later-nonsense":
        out(body("", "Retry-After: tomorrow, perhaps", status="429 Too Many Requests"))
    elif name == "garbage":
        out(bytes(range(256)) * 40)
    elif name == "old":
        out(b"an answer without a head\n")
    elif name == "nothing":
        pass
    elif name == "silence":
        time.sleep(60)
    elif name == "drip":
        slow(out)
    elif name == "large":
        out(body("z" * 5000))
    elif name == "large-untold":
        out(head("200 OK"))
        for _ in range(50):
            out(b"z" * 100)
    elif name == "lies":
        out(head("200 OK", length=1 << 40) + b"z" * 100)
    elif name == "cut":
        out(head("200 OK", length=1000) + b"half")
    elif name == "cut-chunk":
        out(head("200 OK", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n20\r\nhal")
    elif name == "bad-heads":
        out(body("x", "ETag: \"\xff\x01\"", "Content-Type: a\tb", "Last-Modified: never"))
    elif name == "long-heads":
        out(body("x", "ETag: \"" + "e" * 2000 + "\"", "Content-Type: " + "t" * 2000))
    elif name == "endless-heads":
        out(b"HTTP/1.1 200 OK\r\n")
        for n in range(100000):
            out(f"X-{n}: {'h' * 1000}\r\n".encode())
    elif name == "hop":
        out(to("/ok"))
    elif name.startswith("hops/"):
        left = int(name[5:])
        out(to(f"/hops/{left - 1}", "301 Moved") if left else body("arrived\n"))
    elif name == "round":
        out(to("/round"))
    elif name == "away":
        out(to(path.split("?", 1)[1]))
    elif name == "to-https":
        out(to(here["https"] + "/ok"))
    elif name == "to-http":
        out(to(here["http"] + "/ok"))
    elif name == "nowhere":
        out(head("302 Found", length=0))
    elif name == "agent":
        out(body("".join(f"{k}: {v}\n" for k, v in sorted(asked.items()))))
    elif name == "size":
        out(body("s" * int(path.split("?", 1)[1])))
    elif name == "file":  # ?FILE[&TIME[&SECONDS]]: a file of DIR with conditions, its date, how long it takes
        file, day, wait = (path.split("?", 1)[1].split("&") + ["", ""])[:3]
        if not os.path.exists(os.path.join(where, file)):
            out(body("no such file\n", status="404 Not Found"))
            return
        with open(os.path.join(where, file), "rb") as f:
            data = f.read()
        time.sleep(float(wait or 0))
        tag = f'"{zlib.crc32(data):x}"'
        out(head("304 Not Modified", f"ETag: {tag}") if asked.get("if-none-match") == tag
            else body(data, f"ETag: {tag}", f"Last-Modified: {formatdate(int(day or DAY), usegmt=True)}"))
    elif name == "busy-once":  # 503 for the first who asks, then well
        with lock:
            again[path] = again.get(path, 0) + 1
        out(body("", "Retry-After: 1", status="503 Busy") if again[path] == 1 else body("well again\n"))
    else:
        out(body("?", status="404 Not Found"))


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            line = self.rfile.readline(65536).decode("latin-1").split()
            asked = {}
            while (h := self.rfile.readline(65536).decode("latin-1").strip()):
                k, _, v = h.partition(":")
                asked[k.lower()] = v.strip()
            if len(line) < 2:
                return
            with lock, open(os.path.join(where, "asked"), "a", encoding="latin-1") as f:
                now["at once"] += 1
                f.write(f"{now['at once']} {asked.get('if-none-match', '-')} {line[1]}\n")

            def out(data):
                self.wfile.write(data)
                self.wfile.flush()
            try:
                answer(line[1], asked, out)
            finally:
                with lock:
                    now["at once"] -= 1
        except (ConnectionError, ssl.SSLError, OSError):
            pass


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


class Secure(Server):
    def get_request(self):
        s, a = super().get_request()
        s.settimeout(20)
        return context.wrap_socket(s, server_side=True, do_handshake_on_connect=False), a


plain = Server((os.environ.get("FETCH_LISTEN", "127.0.0.1"), 0), Handler)
here["http"] = f"http://localhost:{plain.server_address[1]}"
threading.Thread(target=plain.serve_forever, daemon=True).start()
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    secure = Secure(("127.0.0.1", 0), Handler)
    here["https"] = f"https://localhost:{secure.server_address[1]}"
    threading.Thread(target=secure.serve_forever, daemon=True).start()
print(here["http"], here.get("https", ""), flush=True)
while os.getppid() != 1:
    time.sleep(1)
