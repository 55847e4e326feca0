#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pairs of orgs_pairs.tsv, as a registry file has them.

  orgs_check.py ONUS REGISTRY PAIRS        which rules join them; exit 1 when one is joined that must not be
  orgs_check.py --samples DATA DIR         whois and RDAP answers of the archive as files of their own, for a build

Per half: how many of the pairs of one holder are joined, by which rule (the last that their path needs), and the pairs
that are joined and should not. What `onus lookup --json` says is all that is believed.
"""
import collections
import json
import os
import subprocess
import sys

RULES = ["hand", "registry", "statistics", "record", "as2org", "peeringdb", "id-name", "mailbox", "name"]


def samples(data, to):
    tests = os.path.join(data, "ipwhois-tests", "ipwhois", "tests")
    whois = json.load(open(os.path.join(tests, "whois.json"), encoding="utf-8"))
    rdap = json.load(open(os.path.join(tests, "rdap.json"), encoding="utf-8"))
    n = 0
    for address, test in sorted(whois.items()):
        text = test["response"]
        if "inetnum:" in text or "inet6num:" in text:
            n += 1
            with open(os.path.join(to, f"whois-{n:02}"), "w", encoding="utf-8") as out:
                out.write(text)
    with open(os.path.join(to, "answers.json"), "w", encoding="utf-8") as out:
        for address, test in sorted(rdap.items()):
            out.write(json.dumps(test["response"]) + "\n")


class Registry:
    def __init__(self, onus, path, questions):
        self.onus, self.path = onus, path
        self.said = dict(zip(questions, self.ask(questions)))
        self.orgs = {}

    def ask(self, questions):
        run = subprocess.run([self.onus, "lookup", "--json", "-r", self.path, "-"], input="\n".join(questions) + "\n",
                             capture_output=True, text=True, check=False)
        lines = run.stdout.splitlines()
        if len(lines) != len(questions):
            sys.exit(f"{len(questions)} questions, {len(lines)} answers: {run.stderr}")
        return [json.loads(line) for line in lines]

    def member(self, name):
        """(organisation, member) of an AS or block: the organisation's handle, or what stands alone."""
        said = self.said[name]
        if name.startswith("as:"):
            if said.get("org_handle") is None:
                return name, name
            return said["org_handle"], "AS" + name[3:]
        for network in [n for outer in said["networks"] for n in [outer] + outer["also"]]:
            if network["range"] == name and network["org"]:
                holder = network["source"] + "/" + network["org"]["handle"]
                return network["org"]["organisation"] or holder, holder
        return name, name

    def joins(self, org):
        if org not in self.orgs:
            joins = self.ask(["org:" + org])[0]["joins"]
            self.orgs[org] = [join for join in joins if join["rule"] != "apart"]
        return self.orgs[org]

    def rule(self, org, a, b):
        """The last rule on the way from one member to the other."""
        if a == b:
            return "one holder"
        ways = collections.defaultdict(list)
        for join in self.joins(org):
            ways[join["a"]].append((join["b"], join["rule"]))
            ways[join["b"]].append((join["a"], join["rule"]))
        best, todo = {a: 0}, [a]
        while todo:
            at = todo.pop()
            for to, rule in ways[at]:
                if to not in best:
                    best[to] = max(best[at], RULES.index(rule))
                    todo.append(to)
        return RULES[best[b]]


def main():
    if sys.argv[1] == "--samples":
        samples(*sys.argv[2:])
        return 0
    onus, path, pairs = sys.argv[1:]
    rows = [line.rstrip("\n").split("\t") for line in open(pairs, encoding="utf-8") if not line.startswith("#")]
    first = lambda name: name if name.startswith("as:") else name.split("/")[0].split("-")[0]
    names = sorted({name for row in rows for name in row[1:3]})
    registry = Registry(onus, path, [first(name) for name in names])
    registry.said = {name: registry.said[first(name)] for name in names}
    false = 0
    for half in ("tune", "held"):
        by, said, missed = collections.Counter(), collections.Counter(), []
        for where, a, b, label, why in rows:
            if where != half:
                continue
            said[label] += 1
            (x, m), (y, n) = registry.member(a), registry.member(b)
            if x != y:
                missed += [(a, b, why)] if label == "same" else []
                continue
            rule = registry.rule(x, m, n)
            if label == "same":
                by[rule] += 1
            else:
                false += 1
                print(f"FALSE ({label}): {a} and {b} are org:{x} by {rule}: {why}")
        found = sum(by.values())
        print(f"{half}: {found} of {said['same']} pairs of one holder joined ({100 * found / max(1, said['same']):.0f} %); "
              f"{said['different']} of two and {said['unclear']} unclear ones looked at")
        for rule in ["one holder"] + RULES:
            if by[rule]:
                print(f"  {rule:12} {by[rule]:4}   {100 * by[rule] / said['same']:3.0f} %")
        if os.environ.get("ONUS_SAY"):
            for pair in missed:
                print("  missed", *pair)
    print(f"joined and should not be: {false}")
    return 1 if false else 0


sys.exit(main())
