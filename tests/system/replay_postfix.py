#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What walls would have refused: a real Postfix takes mails of known good hosts and refuses bad ones; its log is counted
here by a few lines that know nothing of filters, and `onus decide --replay` has to say the same of every rule: of the log, of the log in
two pieces, and of what the hub has counted of it. Then onus-score decides about attackers beside good hosts: a wall that
holds more than the bound is written as tag, one that holds less is not."""
import collections
import gzip
import ipaddress
import json
import os
import re
import smtplib
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["ONUS_SOURCE"], "tests"))
from postfix import Postfix  # noqa: E402

build = os.environ["ONUS_BUILD"] + "/src/prog"
onus = build + "/onus/onus"
dir_ = sys.argv[1]
bad = 0


def fail(*words):
    global bad
    bad += 1
    print("not ok:", *words)


# --- Postfix ------------------------------------------------------------------------------------------------------

postfix = Postfix(dir_, {
    "inet_protocols": "all",
    "smtpd_authorized_xclient_hosts": "static:all",
    "smtpd_client_restrictions": "check_client_access cidr:@/etc/refused",
    "smtpd_error_sleep_time": "0",
    "smtpd_soft_error_limit": "10000",
    "smtpd_hard_error_limit": "10000",
    "virtual_mailbox_domains": "onus.example",
    "virtual_mailbox_maps": "regexp:@/etc/boxes",
})
with open(dir_ + "/etc/boxes", "w") as f:  # "full" is a file where a directory should be: it is never delivered to
    for box in ["user%d/" % i for i in range(8)] + ["full/x/"]:
        f.write("/^%s@onus\\.example$/ %s\n" % (box.split("/")[0], box))
with open(dir_ + "/mail/full", "w"):
    pass
with open(dir_ + "/etc/refused", "w") as f:
    f.write("46.0.5.0/24 REJECT go away\n")
postfix.start()

USERS = ["user%d@onus.example" % i for i in range(8)]
MAIL = b"From: a@example.net\r\nSubject: x\r\n\r\nhello\r\n"


def send(smtp, address, to):
    """As if that address had connected. False when nobody of them was accepted."""
    postfix.become(smtp, address, "mx.example.net")
    try:
        smtp.sendmail("a@example.net", to, MAIL)
        return True
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused):
        return False


# Whom the mails come from. In the blocks of 45.0.1 and 45.0.2 attackers sit beside good hosts, see below.
good = [("45.0.%d.%d" % (n % 40 + 8, n + 1), USERS) for n in range(190)]
good += [("45.0.1.200", USERS[:5]), ("45.0.2.200", USERS[:1]), ("45.0.3.7", USERS[:1]), ("45.0.70.1", USERS),
         ("2a00:1:2:3::25", USERS), ("2a00:1:2:3::26", USERS[:2]), ("2a00:1:9:9::1", USERS[:1])]
mixed = [("45.0.10.9", USERS[:2] + ["nobody@onus.example"]), ("45.0.11.9", ["user1@onus.example", "full@onus.example"]),
         ("45.0.12.9", ["full@onus.example"])]
refused = [("46.0.5.%d" % n, USERS) for n in range(1, 20)]  # by the table
refused += [("46.0.6.%d" % n, ["guess%d@onus.example" % n]) for n in range(1, 20)]  # no such user
refused += [("46.0.7.%d" % n, ["a@elsewhere.example"]) for n in range(1, 20)]  # an open relay is looked for
try:
    smtp = postfix.connect()
    for address, to in good + mixed:
        if not send(smtp, address, to):
            fail(address, "was refused")
    for address, to in refused:
        if send(smtp, address, to):
            fail(address, "was accepted")
    smtp.quit()
    tried = sum(len(to) for _, to in good + mixed) - 1  # nobody was refused
    for _ in range(3000):
        if not postfix.runs() or len(re.findall("/virtual.* status=", postfix.log())) >= tried:
            break
        time.sleep(0.1)
finally:
    postfix.stop()

# --- the independent count ------------------------------------------------------------------------------------------

client, delivered = {}, collections.Counter()
for line in postfix.log().splitlines():
    words = line.split()
    if "/smtpd[" in line and "client=" in words[-1]:
        client[words[-2]] = re.search(r"\[([0-9a-f.:]+)\]$", words[-1]).group(1)
    elif "/virtual[" in line and "status=sent" in line:
        delivered[client[words[5]]] += 1
want = collections.Counter()
for address, to in good + mixed:
    want[address] += sum(name in USERS for name in to)
if +want != delivered:
    fail("Postfix has delivered otherwise", want - delivered, delivered - want)


def host(address):
    a = ipaddress.ip_address(address)
    return a if a.version == 4 else ipaddress.ip_network(address + "/64", False).network_address


by_host = collections.Counter()
for address, count in delivered.items():
    by_host[host(address)] += count
total = sum(by_host.values())

# --- decisions that are given ---------------------------------------------------------------------------------------

with open(dir_ + "/ranges", "w") as f:
    f.write("45.0.0.0,45.0.255.255,64501,Forty-five\n46.0.0.0,46.0.255.255,64502,Forty-six\n"
            "2a00:1::,2a00:1:ffff:ffff:ffff:ffff:ffff:ffff,64503,Six\n")
subprocess.run([onus, "registry", "build", "-o", dir_ + "/registry", dir_ + "/ranges"], check=True, stdout=subprocess.DEVNULL,
               stderr=subprocess.DEVNULL)
WALLS = [  # entity, action, what it covers
    ("addr:45.0.3.7", "drop", "45.0.3.7/32"),
    ("addr:46.0.5.1", "drop", "46.0.5.1/32"),
    ("addr:2a00:1:9:9::/64", "drop", "2a00:1:9:9::/64"),
    ("block:45.0.1.0/24", "greylist", "45.0.1.0/24"),
    ("block:45.0.2.0/24", "greylist", "45.0.2.0/24"),
    ("block:46.0.6.0/24", "greylist", "46.0.6.0/24"),
    ("block:45.0.9.0/24", "reject", "45.0.9.0/24"),
    ("block:46.0.7.0/24", "reject", "46.0.7.0/24"),
    ("block:2a00:1:2::/48", "reject", "2a00:1:2::/48"),
    ("prefix:46.0.0.0/16", "reject", "46.0.0.0/16"),
    ("prefix:45.0.64.0/18", "greylist", "45.0.64.0/18"),
    ("net:RIPE/45.0.8.0-45.0.15.255", "tag", "45.0.8.0/21"),
    ("as:64501", "greylist", "45.0.0.0/16"),
    ("as:64502", "greylist", "46.0.0.0/16"),
]
LEVEL = {"tag": "watch", "greylist": "friction", "reject": "block", "drop": "block"}
SEVERITY = ["tag", "greylist", "reject", "drop"]
until = int(time.time()) + 86400
with open(dir_ + "/decisions", "w") as f:
    f.write("#onus-decisions 1\n")
    for entity, action, _ in WALLS:
        f.write("+\t%s\t%s\t%d\ta test\n" % (entity, action, until))
    f.write("end\t%d\n" % len(WALLS))
with open(dir_ + "/conf", "w") as f:
    f.write("""registry_file = @/registry
registry_max_age_days = 3650
filter_path = %s/etc/filter.d
feeds =
state_dir = @/state
spool_dir = @/spool
serve_dir = @/serve
open_dir = @/open
hub = sqlite:@/hub.sqlite
[source mail]
path = @/log
[source attacks]
type = events
path = @/attacks
""".replace("@", dir_) % os.environ["ONUS_SOURCE"])


def covered(walls):
    nets = [ipaddress.ip_network(net) for _, _, net in walls]
    return {a for a in by_host if any(a in net for net in nets if net.version == a.version)}


def measured(hosts):
    return {"messages": sum(by_host[a] for a in hosts), "hosts": len(hosts)}


def run(*words, code):
    p = subprocess.run([onus, "decide", "--replay", "-c", dir_ + "/conf", *words], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True)
    if p.returncode != code or p.stderr:
        fail("onus decide", words, "exits with", p.returncode, p.stderr)
    return p.stdout


def pick(got):
    return {"messages": got["messages"], "hosts": got["hosts"]}


def compare(got, where):
    if pick(got["good"]) != measured(by_host):
        fail(where, "counts", got["good"], "not", measured(by_host))
    rules = {}
    for entity, action, net in WALLS:
        rules.setdefault((entity.split(":")[0], LEVEL[action], action), []).append((entity, action, net))
    if {(r["kind"], r["level"], r["action"]) for r in got["rules"]} != set(rules):
        fail(where, "has other rules", got["rules"])
    for rule in got["rules"]:
        walls = rules[rule["kind"], rule["level"], rule["action"]]
        met = measured(covered(walls))
        if pick(rule["met"]) != met or rule["decisions"] != len(walls):
            fail(where, rule, "but counted were", met)
        above = rule["action"] != "tag" and met["messages"] > total * 0.001
        if (rule["verdict"] != "within") != above:
            fail(where, "verdict of", rule, "but counted were", met, "of", total)
    worst = {a: max((action for _, action, net in WALLS if a in covered([(0, 0, net)])), key=SEVERITY.index, default="")
             for a in by_host}
    for name, actions in (("refused", ("reject", "drop")), ("delayed", ("greylist",)), ("tagged", ("tag",))):
        if pick(got[name]) != measured({a for a in worst if worst[a] in actions}):
            fail(where, name, got[name])
    named = {h["entity"].split(":", 1)[1].split("/")[0]: h["messages"] for h in got["worst_hosts"]}
    if named != {str(a): by_host[a] for a in worst if worst[a] not in ("", "tag")}:
        fail(where, "names", named)
    if [h["messages"] for h in got["worst_hosts"]] != sorted(named.values(), reverse=True):
        fail(where, "the worst are not first")


compare(json.loads(run("--json", "--decisions", dir_ + "/decisions", dir_ + "/log", code=1)), "the log")
lines = postfix.log().splitlines(True)
with gzip.open(dir_ + "/log.1.gz", "wt") as f:  # in two pieces, one of them packed
    f.writelines(lines[:len(lines) // 2])
with open(dir_ + "/log.0", "w") as f:
    f.writelines(lines[len(lines) // 2:])
compare(json.loads(run("--json", "--decisions", dir_ + "/decisions", dir_ + "/log.1.gz", dir_ + "/log.0", code=1)),
        "the log in two pieces")
if "above 0.1 %: stays at tag" not in run("--decisions", dir_ + "/decisions", dir_ + "/log", code=1):
    fail("the table does not say that a rule stays at tag")
print("%d deliveries of %d hosts, %d of others refused: the same for %d rules" %
      (total, len(by_host), len(refused), len({(entity.split(":")[0], action) for entity, action, _ in WALLS})))

# --- what the hub has counted ---------------------------------------------------------------------------------------


def stages(*programs, bound="0.1"):
    for program in programs:
        subprocess.run([build + "/%s/onus-%s" % (program, program), "-c", dir_ + "/conf", "-o", "max_good_loss=" + bound,
                        "--once"], check=True, stderr=subprocess.DEVNULL)


stages("collect", "load")
compare(json.loads(run("--json", "--decisions", dir_ + "/decisions", code=1)), "the hub")

# --- decisions that onus-score makes ----------------------------------------------------------------------------------

now = int(time.time())
with open(dir_ + "/attacks", "w") as f:
    f.write("#onus-events 1\n")
    for block in ("45.0.1", "45.0.2"):
        for day in range(1, 20):
            for n in range(1, 31):
                f.write("%d\t%s.%d\tbrute-force\t5\tfull\tattacks\tsshd\tx\n" % (now - day * 86400, block, n + day))


def expect(bound, first, second):
    rows = sqlite3.connect(dir_ + "/hub.sqlite").execute(
        "SELECT entity, action, reason FROM decision WHERE entity LIKE 'block:%' AND until > ? ORDER BY entity", (now,)).fetchall()
    if [row[:2] for row in rows] != [("block:45.0.1.0/24", first), ("block:45.0.2.0/24", second),
                                     ("block:46.0.6.0/24", "greylist"), ("block:46.0.7.0/24", "greylist")]:
        fail("with a bound of", bound, "decided is", rows)
    for _, action, reason in rows:
        if reason.startswith("tag, not greylist, which would have cost ") != (action == "tag") or \
                reason.count("of its addresses attacked") != 1:
            fail("with a bound of", bound, action, "for the reason", reason)
    others = sqlite3.connect(dir_ + "/hub.sqlite").execute(
        "SELECT entity, action FROM decision WHERE level = 'block' AND action <> 'drop'").fetchall()
    if others:
        fail("with a bound of", bound, "tags for who holds nobody good:", others)


# Of 1549 deliveries the first block holds 5, the second one 1. Two more, whose hosts were refused, hold none.
stages("collect", "load", "score")
expect("0.1", "tag", "greylist")
for bound, first, second in (("0.1", "tag", "greylist"), ("0.01", "tag", "tag"), ("1", "greylist", "greylist"),
                             ("0.07", "tag", "greylist")):
    stages("score", bound=bound)
    expect(bound, first, second)
print("decided: a wall above the bound stays at tag, one below it does not")
sys.exit(bad > 0)
