#!/usr/bin/env python3
"""readers_check.py ONUS DATA WORK PART: what `onus registry read` makes of the real inputs in DATA, against a
reading of their own by the few lines below, record by record. PART is one of rir, whois, arin, rdap, chain. Ends with 1 and
the first difference when they do not agree."""
import datetime
import ipaddress
import json
import os
import re
import subprocess
import sys

onus, data, work, part = sys.argv[1:5]


def differ(what, ours, theirs):
    sys.exit("%s:\n  onus says    %r\n  it should be %r" % (what, ours, theirs))


def same(what, ours, theirs):
    if ours != theirs:
        differ(what, ours, theirs)


def onus_read(path, option, code=0):
    run = subprocess.run([onus, "registry", "read", option, path], capture_output=True, text=True)
    if run.returncode != code:
        sys.exit("%s: exit code %d, not %d: %s" % (path, run.returncode, code, run.stderr))
    return [json.loads(line) for line in run.stdout.splitlines()]


def day(text):
    """YYYYMMDD as the facts write days; None when it is none or before 1970."""
    try:
        when = datetime.datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return None
    return when.strftime("%Y-%m-%d") if when > datetime.datetime(1970, 1, 1) else None


def range_text(first, last):
    parts = list(ipaddress.summarize_address_range(first, last))
    if len(parts) > 1:
        return "%s-%s" % (first, last)
    return str(first) if parts[0].num_addresses == 1 else str(parts[0])


def full(fact):
    return {k: v for k, v in fact.items() if v}


def compare(path, ours, theirs):
    for number, (a, b) in enumerate(zip(ours, theirs)):
        same("%s, fact %d" % (path, number), a, b)
    same(path + ", facts", len(ours), len(theirs))


# --- RIR statistics ---------------------------------------------------------------------------------------

RIRS = {"afrinic": "AFRINIC", "apnic": "APNIC", "arin": "ARIN", "lacnic": "LACNIC", "ripencc": "RIPE"}


def rir_read(path):
    """Facts, sums by (source, family), and how many lines were left out, refused."""
    facts, sums, left, refused, said, seen = [], {}, 0, 0, {}, {}
    for number, line in enumerate(open(path, encoding="ascii"), 1):
        f = line.strip().split("|")
        if line.startswith("#") or len(f) < 6 or f[0][0].isdigit():
            continue
        if f[5] == "summary":
            said[f[2]] = int(f[4])
            continue
        seen[f[2]] = seen.get(f[2], 0) + 1
        if f[0] == "iana" or f[6] not in ("allocated", "assigned"):
            left += 1
            continue
        if f[0] not in RIRS:
            refused += 1
            continue
        fact = {"line": number, "kind": "as" if f[2] == "asn" else "network", "source": RIRS[f[0]],
                "opaque": f[7] if len(f) > 7 else "", "status": f[6],
                "country": "" if f[1] == "ZZ" else f[1], "created": day(f[5])}
        if f[2] == "asn":
            fact["asn"], count = int(f[3]), int(f[4])
            first, last, units = fact["asn"], fact["asn"] + count - 1, count
            fact["last_asn"] = last if count > 1 else 0
        elif f[2] == "ipv4":
            first, units = ipaddress.IPv4Address(f[3]), int(f[4])
            last = first + (units - 1)
            fact["range"] = range_text(first, last)
        else:
            net = ipaddress.IPv6Network(f[3] + "/" + f[4])
            first, last, units = net[0], net[-1], max(1, 1 << max(0, 48 - net.prefixlen))
            fact["range"] = range_text(first, last)
        facts.append(full(fact))
        s = sums.setdefault((fact["source"], f[2]), [0, 0, first, last])
        sums[(fact["source"], f[2])] = [s[0] + 1, s[1] + units, min(s[2], first), max(s[3], last)]
    refused += any(said[t] != seen.get(t, 0) for t in said)
    return facts, sums, left, refused


def rir_sums(said):
    keys = {"ipv4": ("networks", "addresses"), "ipv6": ("networks", "blocks48"), "as": ("records", "numbers")}
    sums = {}
    for s in said["sources"]:
        for family, (records, units) in keys.items():
            if family in s:
                v, of = s[family], ipaddress.ip_address if family != "as" else int
                sums[(s["source"], "asn" if family == "as" else family)] = [
                    v[records], v[units], of(v["first"]), of(v["last"])]
    return sums


def rir():
    n = 0
    for top, _, names in sorted(os.walk(data)):
        for name in sorted(names):
            path = os.path.join(top, name)
            if "/rir-delegated" not in path and "/resources/data" not in path:
                continue
            facts, sums, left, refused = rir_read(path)
            said = onus_read(path, "--json", 0 if facts or not refused else 1)[0]
            same(path + ", kind", said["kind"], "rir-stats")
            same(path + ", sums", rir_sums(said), sums)
            same(path + ", taken", said["taken"],
                 {"network": sum(f["kind"] == "network" for f in facts), "as": sum(f["kind"] == "as" for f in facts),
                  "org": 0, "contact": 0, "route": 0, "place": 0, "mailbox": 0})
            same(path + ", left out", said["left_out"], left)
            same(path + ", refused", said["refused"], refused)
            compare(path, onus_read(path, "--facts", 0 if facts or not refused else 1), facts)
            print("%s: %d facts, %d refused, %d left out" % (name, len(facts), refused, left))
            n += 1
    same("files of RIR statistics", n >= 15, True)


# --- whois ------------------------------------------------------------------------------------------------

def rpsl_objects(text):
    objects, now = [], []
    for line in text.split("\n") + [""]:
        if line.startswith(("%", "#")):
            continue
        if line.strip() == "" and now:
            objects.append(now)
            now = []
        elif line.strip():
            now.append(tuple(x.strip() for x in line.partition(":")[::2]))
    return objects


def asn_days(values):
    days = [day(word) for v in values for word in v.split()[1:] or v.split()]
    return max([d for d in days if d], default=None)


def told(text):
    """Whom the server's comments say to write to, by the key of the object they stand before."""
    return dict(re.findall(r"(?m)^% Abuse contact for '([^']*)' is '([^']*)'", text))


def whois_facts(obj, persons, comments):
    def all_of(name):
        return [v for k, v in obj if k == name and v]

    def one(*names):
        return next((v for n in names for v in all_of(n)), "")

    cls, key = obj[0]
    source = one("source").split("#")[0].strip().upper()
    modified = one("last-modified")[:10]
    out = {"source": source or "LACNIC", "country": one("country"), "descr": one("descr"),
           "created": one("created")[:10] if "-" in one("created") else day(one("created")),
           "changed": modified or asn_days(all_of("changed"))}
    if out["created"] == "1970-01-01":
        out["created"] = ""
    if "person" in (k for k, _ in obj):
        persons.update(v for v in all_of("person") + all_of("e-mail") + all_of("nic-hdl") if len(v) > 3)
    elif cls in ("inetnum", "inet6num"):
        if "-" in key:
            first, last = (ipaddress.ip_address(x.strip()) for x in key.split("-"))
        else:
            host, _, length = key.partition("/")
            if ":" not in host:
                host = ".".join((host.split(".") + ["0", "0", "0"])[:4])
            net = ipaddress.ip_network(host + "/" + length)
            first, last = net[0], net[-1]
        if one("owner"):
            yield full({"kind": "org", "source": "LACNIC", "handle": one("ownerid"), "name": one("owner"),
                        "address": "\n".join(all_of("address")), "country": one("country")})
        yield full({"kind": "network", **out, "range": range_text(first, last), "name": one("netname"),
                    "org": one("org", "ownerid"), "abuse": one("abuse-c", "mnt-irt") if not one("owner") else "",
                    "status": one("status"), "parent": one("parent"), "mail": comments.get(key, "")})
    elif cls == "organisation":
        yield full({"kind": "org", **out, "handle": key, "name": one("org-name"), "address": "\n".join(all_of("address"))})
    elif cls in ("role", "irt"):
        yield full({"kind": "contact", **out, "handle": key if cls == "irt" else one("nic-hdl"), "name": key,
                    "mail": one("abuse-mailbox"), "address": "\n".join(all_of("address"))})
    elif cls in ("route", "route6"):
        yield full({"kind": "route", **out, "country": "", "range": key, "asn": int(one("origin")[2:])})


def responses(name):
    path = os.path.join(data, "ipwhois-tests/ipwhois/tests", name + ".json")
    return [(k, v["response"]) for k, v in json.load(open(path, encoding="utf-8")).items()]


def write(name, text):
    path = os.path.join(work, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def no_persons(facts, persons):
    text = json.dumps(facts, ensure_ascii=False)
    for p in persons:
        if json.dumps(p, ensure_ascii=False)[1:-1] in text:
            sys.exit("a person is in the facts: %s" % p)


def whois():
    total, all_persons = 0, set()
    for name in ("whois", "asn"):
        for number, (address, text) in enumerate(responses(name)):
            path = write("%s-%d" % (name, number), text)
            if "NetRange:" in text:
                continue
            if "No entries found" in text or text.strip() == "NONE":  # not RPSL
                onus_read(path, "--facts", 2)
                continue
            persons = set()
            # the archive's publisher cut answers: "TRUNCATED" stands in the middle of them
            facts = [f for obj in rpsl_objects(text) if obj[0] != ("TRUNCATED", "") and obj[0] != ("NONE", "")
                     for f in whois_facts(obj, persons, told(text))]
            ours = [{k: v for k, v in f.items() if k != "line"} for f in onus_read(path, "--facts", 0 if facts else 1)]
            compare("%s of %s" % (name, address), ours, facts)
            no_persons(ours, persons)
            total += len(facts)
            all_persons |= persons
    same("facts of whois answers", total > 90 and len(all_persons) > 8, True)
    for name in ("jpnic", "krnic"):  # pages
        for _, text in responses(name):
            onus_read(write(name, text), "--facts", 2)
    print("whois: %d facts, %d texts of persons in none of them" % (total, len(all_persons)))


# --- whois of ARIN ------------------------------------------------------------------------------------------

def arin_facts(text):
    """Facts of an answer about one network, and what is told of others than roles."""
    blocks = [b for b in re.split(r"\n\s*\n", re.sub(r"(?m)^#.*$", "", text)) if b.strip()]
    blocks = [[tuple(x.strip() for x in line.partition(":")[::2]) for line in b.strip().split("\n")] for b in blocks]
    said = {b[0][0]: dict(b) for b in blocks}
    net, org = said["NetRange"], said["OrgName"]
    contacts = {}
    for first, prefix in (("OrgAbuseHandle", "OrgAbuse"), ("RAbuseHandle", "RAbuse")):
        if first in said:
            c = said[first]
            contacts[first] = full({"kind": "contact", "source": "ARIN", "handle": c[first],
                                    "name": c[prefix + "Name"], "mail": c[prefix + "Email"]})
    street = [v for b in blocks if b[0][0] == "OrgName" for k, v in b if k == "Address"]
    first, last = (ipaddress.ip_address(x.strip()) for x in net["NetRange"].split(" - "))
    yield from contacts.values()
    yield full({"kind": "org", "source": "ARIN", "handle": org["OrgId"], "name": org["OrgName"],
                "abuse": contacts.get("OrgAbuseHandle", {}).get("handle"), "country": org["Country"],
                "address": "\n".join(street + [org["City"], org["StateProv"], org["PostalCode"]]),
                "created": org["RegDate"], "changed": org["Updated"]})
    yield full({"kind": "network", "source": "ARIN", "range": range_text(first, last), "handle": net["NetHandle"],
                "name": net["NetName"], "org": org["OrgId"], "status": net["NetType"],
                "abuse": contacts.get("RAbuseHandle", {}).get("handle"), "created": net["RegDate"],
                "changed": net["Updated"], "parent": re.search(r"\((.*)\)", net["Parent"]).group(1)})


def arin():
    """The facts of the answers, and the chain that lookup tells of them."""
    n = 0
    for address, text in responses("whois"):
        if "NetRange:" not in text:
            continue
        path, facts = write("arin-%d" % n, text), list(arin_facts(text))
        compare("ARIN's answer about " + address,
                [{k: v for k, v in f.items() if k != "line"} for f in onus_read(path, "--facts")], facts)
        registry = os.path.join(work, "registry-arin")
        subprocess.run([onus, "registry", "build", "-o", registry, path], check=True, stdout=subprocess.DEVNULL)
        told = json.loads(subprocess.run([onus, "lookup", "--json", "-o", "registry_file=" + registry, address],
                                         check=True, capture_output=True, text=True).stdout)
        org, net, network = facts[-2], facts[-1], told["networks"][0]
        contact = next(f for f in facts if f["handle"] == net.get("abuse", org["abuse"]))
        for key in ("handle", "name", "address", "country"):
            same("the chain of %s: the holder's %s" % (address, key), network["org"][key], org[key])
        same("the chain of %s: the network" % address,
             [network["range"], network["name"], network["handle"], network["status"], network["created"], network["changed"]],
             [net["range"], net["name"], net["handle"], net["status"], net["created"], net["changed"]])
        same("the chain of %s: whom to write to" % address, told["abuse"], contact["mail"])
        n += 1
    same("answers of ARIN", n, 2)
    print("ARIN's whois: %d answers" % n)


# --- RDAP -------------------------------------------------------------------------------------------------

def card(entity):
    c = {"mails": []}
    for p in entity.get("vcardArray", [0, []])[1]:
        if p[0] == "email":
            c["mails"].append(p[3])
        elif p[0] == "adr":
            parts = p[1]["label"].replace("\\n", "\n").split("\n") if "label" in p[1] else p[3]
            c["address"] = "\n".join(x for x in parts if x)
            c["country"] = p[3][6] if p[3] and "label" not in p[1] and len(p[3][6]) == 2 else ""
        else:
            c[p[0]] = p[3]
    return c


def below(entity):
    level = entity.get("entities", [])
    while level:
        yield from level
        level = [e for x in level for e in x.get("entities", [])]


def chosen(entities, role):
    return next((e for e in entities if role in e.get("roles", []) and card(e).get("kind") in ("org", "group")), None)


def event(o, action):
    return next((e["eventDate"] for e in o.get("events", []) if e["eventAction"] == action), None)


def utc_day(text):
    if not text:
        return None
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(datetime.timezone.utc).strftime("%Y-%m-%d")


def dates(o):
    return {"created": utc_day(event(o, "registration")), "changed": utc_day(event(o, "last changed"))}


def party(e, kind, source):
    c, abuse = card(e), chosen(below(e), "abuse") if kind == "org" else None
    return full({"kind": kind, "source": source, "handle": e["handle"], "name": c["fn"],
                 "abuse": abuse["handle"] if abuse else "", "mail": c["mails"][0] if kind == "contact" else "",
                 "address": c.get("address", ""), "country": c.get("country", ""), **dates(e)})


def rdap_address(text):
    host = text.split("/")[0]
    if "." in host:
        host = ".".join(str(int(x)) for x in host.split("."))
    return ipaddress.ip_address(host)


def rdap_facts(o, persons):
    source = o["port43"].split(".")[1].upper()
    org, abuse = chosen(o.get("entities", []), "registrant"), chosen(below(o), "abuse")
    for e in below(o):
        c = card(e)
        if c.get("kind") == "individual":
            persons.update([c["fn"], e["handle"], *c["mails"]])
    if org:
        yield party(org, "org", source)
    if abuse:
        yield party(abuse, "contact", source)
    descr = next((r["description"][0] for r in o.get("remarks", [])
                  if r.get("title", "description").lower() == "description"), "")
    yield full({"kind": "network", "source": source,
                "range": range_text(rdap_address(o["startAddress"]), rdap_address(o["endAddress"])),
                "handle": o["handle"], "name": o["name"], "descr": descr, "org": org["handle"] if org else "",
                "abuse": abuse["handle"] if abuse else "", "status": o.get("type", ""),
                "parent": o.get("parentHandle", ""), "country": o.get("country", ""), **dates(o)})


def rdap():
    persons, facts, lines = set(), [], []
    for number, (_, o) in enumerate(responses("rdap")):
        these = list(rdap_facts(o, persons))
        facts += [{"line": number + 1, **f} for f in these]
        lines.append(json.dumps(o))
        whole = write("rdap-%d" % number, json.dumps(o, indent=2, ensure_ascii=False))
        compare("RDAP answer %d" % number, onus_read(whole, "--facts"), [{"line": 1, **f} for f in these])
    ours = onus_read(write("rdap", "\n".join(lines)), "--facts")
    compare("RDAP answers", ours, facts)
    no_persons(ours, persons)
    same("facts of RDAP answers", len(facts) > 15 and len(persons) > 5, True)
    entity = os.path.join(data, "ipwhois-tests/ipwhois/tests/entity.json")
    e = json.load(open(entity, encoding="utf-8"))
    same("an RDAP entity", onus_read(entity, "--facts"), [{"line": 1, **party(e, "contact", "ARIN")}])
    # a map of answers is no answer
    onus_read(os.path.join(data, "ipwhois-tests/ipwhois/tests/rdap.json"), "--facts", 1)
    print("RDAP: %d facts, %d texts of persons in none of them" % (len(facts), len(persons)))


# --- the chain -------------------------------------------------------------------------------------------------

def answers():
    """Name, address asked for, text and facts of every answer about a network."""
    for name in ("whois", "asn"):
        for number, (address, text) in enumerate(responses(name)):
            if "NetRange:" in text:
                yield "arin-%d" % number, address, text, list(arin_facts(text))
            elif "inetnum:" in text or "inet6num:" in text:
                objects = [o for o in rpsl_objects(text) if o[0] not in (("TRUNCATED", ""), ("NONE", ""))]
                yield "%s-%d" % (name, number), address, text, [f for o in objects for f in whois_facts(o, set(), told(text))]
    for number, (address, o) in enumerate(responses("rdap")):
        yield "rdap-%d" % number, address, json.dumps(o), list(rdap_facts(o, set()))


def in_range(address, text):
    first, _, last = text.partition("-")
    if last:
        return ipaddress.ip_address(first) <= address <= ipaddress.ip_address(last)
    return address in ipaddress.ip_network(text, strict=False)


def chain():
    """A registry built of one answer alone: `onus lookup` says of the network, its holder and its contact what the
    answer does."""
    table = write("asn.csv", "1.0.0.0,1.0.0.255,64496,Elsewhere\n")
    seen = {"holder": 0, "address": 0, "country": 0, "abuse": 0}
    for name, asked, text, facts in answers():
        path, registry = write(name, text), os.path.join(work, name + ".reg")
        run = subprocess.run([onus, "registry", "build", "-o", registry, table, path], capture_output=True, text=True)
        same(name + ": build (%s)" % run.stderr, run.returncode, 0)
        net = min((f for f in facts if f["kind"] == "network" and in_range(ipaddress.ip_address(asked), f["range"])),
                  key=lambda f: ipaddress.ip_network(f["range"]).num_addresses if "-" not in f["range"] else 1 << 20)
        held = {(f["kind"], f["handle"].upper()): f for f in facts if f["kind"] in ("org", "contact")}
        org = held.get(("org", net.get("org", "").upper()), {})
        abuse = held.get(("contact", (net.get("abuse") or org.get("abuse") or "").upper()), {})
        run = subprocess.run([onus, "lookup", "--json", "-o", "registry_max_age_days=3650", "--registry", registry, asked],
                             capture_output=True, text=True)
        said = json.loads(run.stdout)
        ours = next((n for n in said["networks"] if n["range"] == net["range"]), None)
        same(name + ": the network", bool(ours), True)
        for key in ("status", "country", "created", "changed"):
            same("%s: %s" % (name, key), ours[key] or "", net.get(key) or "")
        same(name + ": name", ours["name"] or "", net.get("name") or "")
        for key in ("name", "address", "country"):
            same("%s: holder's %s" % (name, key), (ours["org"] or {}).get(key) or "", org.get(key) or "")
        same(name + ": abuse", said["abuse"] or "", net.get("mail") or abuse.get("mail") or "")
        seen["holder"] += bool(org.get("name"))
        seen["address"] += bool(org.get("address"))
        seen["country"] += bool(net.get("country") or org.get("country"))
        seen["abuse"] += bool(net.get("mail") or abuse.get("mail"))
    same("chains seen", min(seen.values()) >= 4, True)
    print("chains of single answers: %s" % ", ".join("%d with %s" % (v, k) for k, v in seen.items()))


{"rir": rir, "whois": whois, "arin": arin, "rdap": rdap, "chain": chain}[part]()
