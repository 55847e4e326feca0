#!/usr/bin/env python3
"""enrich_script.py DATA DIR: the real RDAP answers in DATA as a script for tests/cli/rdap_server.py on stdout: a server
a registry, and ARIN's, which is asked for everything, sends on to the others. DIR/asked has the questions,
DIR/whole.json the answers as they are, one a line."""
import json
import os
import sys

data, directory = sys.argv[1:3]
tests = os.path.join(data, "ipwhois-tests/ipwhois/tests")
responses = json.load(open(os.path.join(tests, "rdap.json")))
entity = json.load(open(os.path.join(tests, "entity.json")))
script = {name: {"pause_ms": 100, "answers": {}} for name in ("arin", "ripe", "apnic", "lacnic", "afrinic")}
asked = []
for address, what in responses.items():
    answer = what["response"]
    home = answer["port43"].split(".")[1]
    path = "/ip/" + address
    asked.append(address)
    if home != "arin":
        script["arin"]["answers"][path] = [{"status": 303, "headers": {"Location": "{%s}%s" % (home, path)}}]
    # each is busy once
    script[home]["answers"][path] = [
        {"status": 429, "headers": {"Retry-After": "1"}},
        {"body": json.dumps(answer, indent=1, ensure_ascii=False)},
    ]
script["arin"]["answers"]["/entity/" + entity["handle"]] = [{"body": json.dumps(entity)}]
asked.append("org:ARIN/" + entity["handle"])
with open(os.path.join(directory, "asked"), "w") as f:
    f.write("\n".join(asked) + "\n")
whole = os.path.join(directory, "whole.json")
with open(whole, "w") as f:
    for answer in [what["response"] for what in responses.values()] + [entity]:
        f.write(json.dumps(answer, ensure_ascii=False) + "\n")
print(json.dumps(script))
