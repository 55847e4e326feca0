#!/usr/bin/env python3
"""A web server that does what web servers do to those who fetch: fetch_server.py DIR [CERTIFICATE KEY]

Prints its port. Every path below is one kind of trouble; what was asked is appended to DIR/asked, a line each.
"""
import os
import random
import re
import socket
import socketserver
import ssl
import sys
import threading
import time
import zlib
from email.utils import formatdate
from urllib.parse import parse_qs

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


def told(status, first, n):
    """What was sent of a body, for tests that add it up."""
    with lock, open(os.path.join(where, "sent"), "a", encoding="ascii") as f:
        f.write(f"{status} {first} {n}\n")


def chunked(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


# What a server that lies says of the rest of a file instead of the truth: (first, last, total, ETag) as they are.
RANGES = {
    "shift": lambda f, l, t: f"bytes {f + 1}-{l}/{t}",
    "start": lambda f, l, t: f"bytes 0-{l - f}/{t}",
    "total": lambda f, l, t: f"bytes {f}-{l}/{t + 1}",
    "past": lambda f, l, t: f"bytes {f}-{t}/{t}",
    "backward": lambda f, l, t: f"bytes {l}-{f}/{t}",
    "unit": lambda f, l, t: f"lines {f}-{l}/{t}",
    "words": lambda f, l, t: "bytes some-more/of it",
    "huge": lambda f, l, t: f"bytes {f}-{1 << 70}/{1 << 71}",
    "star": lambda f, l, t: f"bytes {f}-{l}/*",
}


def part(path, asked, out):
    """?file=FILE: a file of DIR, whole or from a byte on, as RFC 9110 has it. May have besides:
    cut=A-B    the connection ends after so many bytes, each time another number; once=1: only the first one does
    by=etag|date|weak|none|young   what it says the file is; young: a date that is no sure one; both: ETag and date
    lie=WORD   what is said to those who ask for a part is not true: RANGES, or as below
    to=HOST    leads there first"""
    query = {k: v[0] for k, v in parse_qs(path.split("?", 1)[1]).items()}
    with open(os.path.join(where, query["file"]), "rb") as f:
        data = f.read()
    by, lie, total = query.get("by", "etag"), query.get("lie", ""), len(data)
    tag, day = f'"{zlib.crc32(data):x}"', int(os.stat(os.path.join(where, query["file"])).st_mtime)
    date = formatdate(day, usegmt=True)
    heads = {"etag": [f"ETag: {tag}"], "date": [f"Last-Modified: {date}"], "both": [f"ETag: {tag}", f"Last-Modified: {date}"],
        "weak": [f"ETag: W/{tag}", f"Last-Modified: {date}"], "none": [], "young": [f"Last-Modified: {date}"]}[by]
    heads = heads + [f"Date: {formatdate(day + (10 if by == 'young' else 86400), usegmt=True)}"]
    if asked.get("if-none-match") == tag:
        out(head("304 Not Modified", *heads))
        return
    wanted = re.fullmatch(r"bytes=(\d+)-", asked.get("range", ""))
    same = asked.get("if-range") in (None, *([tag] if by in ("etag", "both") else [date] if by == "date" else []))
    if wanted and lie == "416":
        out(head("416 Range Not Satisfiable", f"Content-Range: bytes */{total}", length=0))
        return
    first = int(wanted[1]) if wanted and same and lie != "ignore" else 0
    ranged = bool(wanted and same and lie != "ignore") or lie == "unasked"
    last = min(first + int(query["piece"]), total) - 1 if ranged and "piece" in query else total - 1
    body_ = data[first:last + 1]
    lines = list(heads)
    if ranged:
        lines += [f"Content-Range: {RANGES.get(lie, lambda f, l, t: f'bytes {f}-{l}/{t}')(first, last, total)}"]
        if lie == "silent":
            lines = list(heads)
        elif lie == "two":
            lines += [f"Content-Range: bytes 0-{total - 1}/{total}"]
        elif lie == "other":
            lines = ['ETag: "another"', *lines[1:]]
        elif lie == "no-etag":
            lines = lines[1:]
        elif lie == "other-day":
            lines = [x.replace(date, formatdate(day + 1, usegmt=True)) for x in lines]
        elif lie == "packed":
            lines += ["Content-Encoding: gzip"]
        elif lie in ("longer", "long-chunked"):
            body_ += b"and more"
    cut = len(body_)
    if "cut" in query and not ("once" in query and again.get(path)):
        low, high = query["cut"].split("-")
        cut = random.randint(int(low), int(high))
    with lock:
        again[path] = again.get(path, 0) + 1
    status = "206 Partial Content" if ranged else "200 OK"
    if query.get("chunked") or lie in ("long-chunked", "endless", "short-chunked"):
        out(head(status, "Transfer-Encoding: chunked", *lines))
        body_ = body_[:len(body_) // 2] if ranged and lie == "short-chunked" else body_
        out(chunked(body_[:cut]))
        while ranged and lie == "endless":
            out(chunked(b"e" * 65536))
        out(b"0\r\n\r\n" if cut >= len(body_) else b"")
    else:
        out(head(status, *lines, length=len(body_)) + body_[:cut])
    told(status[:3], first, min(cut, len(body_)))


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
    elif name == "cut-named":
        out(head("200 OK", 'ETag: "v1"', length=1000) + b"half")
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
    elif name == "part":
        part(path, asked, out)
    elif name == "led":  # ?PATH: to PATH
        out(to("/" + path.split("?", 1)[1]))
    elif name == "led-on":  # ?PATH: to PATH at first, then to another name of this host
        with lock:
            again[path] = again.get(path, 0) + 1
        base = here["http"] if again[path] == 1 else here["http"].replace("localhost", "127.0.0.1")
        out(to(f"{base}/{path.split('?', 1)[1]}"))
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
            with lock, open(os.path.join(where, "ranges"), "a", encoding="latin-1") as f:
                f.write(f"{asked.get('range', '-')} {asked.get('if-range', '-')} {asked.get('accept-encoding', '-')}\n")

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
