#!/usr/bin/env python3
"""rdap_server.py SCRIPT DIR: RDAP servers on loopback that do what registries' servers do, and note who asked what.

SCRIPT is JSON: {"NAME": {"pause_ms": N, "answers": {"/path": [ANSWER, …]}}, …}, a server a name. An answer is
{"status": 200, "headers": {…}, "body": TEXT or JSON} or {"do": "silence"|"garbage"|"cut"|"big"}; the last one of a
path is given again and again; a path that is not there is 404. In headers, {NAME} is the URL of that server.

DIR/NAME.url says where a server is, DIR/log has a line a request: NAME METHOD PATH STATUS [early]. early: it came
before the pause since the last one was over, or before the time that a Retry-After of ours had named."""
import http.server
import json
import os
import sys
import threading
import time

script = json.load(open(sys.argv[1]))
directory = sys.argv[2]
lock = threading.Lock()
urls = {}


def note(text):
    with lock, open(os.path.join(directory, "log"), "a") as log:
        log.write(text + "\n")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        server = self.server
        with lock:
            now = time.monotonic()
            early = " early" if now < server.not_before else ""
            server.not_before = now + server.pause
            answers = server.answers.get(self.path, [{"status": 404, "body": {"errorCode": 404}}])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            after = answer.get("headers", {}).get("Retry-After")
            if after:
                server.not_before = now + float(after)
            with open(os.path.join(directory, "agents"), "a") as agents:
                agents.write("%s\t%s\n" % (self.headers["User-Agent"], self.headers["Accept"]))
        do = answer.get("do")
        note("%s %s %s %s%s" % (server.name, self.command, self.path, do or answer.get("status", 200), early))
        if do == "silence":
            self.rfile.read(1)  # until the other side gives up
        elif do == "garbage":
            self.wfile.write(b"\x00\xff\x17garbage\r\n\r\n" * 10)
        elif do == "cut":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{\"objectClassName\"")
        elif do == "big":
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(3000):
                    self.wfile.write(b" " * 1024)
            except OSError:
                pass
        if do:
            self.close_connection = True
            return
        body = answer.get("body", "")
        if not isinstance(body, str):
            body = json.dumps(body, ensure_ascii=False)
        body = body.encode()
        self.send_response(answer.get("status", 200))
        for name, value in answer.get("headers", {}).items():
            self.send_header(name, value.format(**urls))
        self.send_header("Content-Type", "application/rdap+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


servers = []
for name, what in script.items():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.name = name
    # of what was asked for; the rest is the time that a request is on its way
    server.pause = what.get("pause_ms", 0) / 1000 * 0.9
    server.not_before = 0
    server.answers = what["answers"]
    urls[name] = "http://127.0.0.1:%d" % server.server_address[1]
    servers.append(server)
for server in servers:
    threading.Thread(target=server.serve_forever, daemon=True).start()
for name, url in urls.items():
    with open(os.path.join(directory, name + ".url.new"), "w") as f:
        f.write(url)
    os.rename(os.path.join(directory, name + ".url.new"), os.path.join(directory, name + ".url"))
open(os.path.join(directory, "ready"), "w").close()
threading.Event().wait()
