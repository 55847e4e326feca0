#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every filter and test log of Debian's fail2ban through `onus extract --matches`, judged by the
`# failJSON:` line that stands before a line: fail2ban's own tests read them the same way.

    fail2ban_logs.py ONUS TESTS_DIR CONFIG_DIR DIFFERENCES

An expectation is a line with a failJSON, and each line without one (it must not match), once for every
set of options that the log names. Prints a table, each difference, and the share met. A difference that
DIFFERENCES does not name is marked with "!"; what it names and is none any more is told, too.
Exit code 1: an address or a time is wrong, or a difference is not explained."""

import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zoneinfo

HEAD = re.compile(rb"^#+ ?(failJSON|(?:file|filter)Options|addFILE):(.+)$")
ZONE = zoneinfo.ZoneInfo("Europe/Zurich")  # fail2ban's tests live there
NOW = "2005-08-14T12:00:00+02:00"  # … and then
NOW_DAY = datetime.date.fromisoformat(NOW[:10])


class Instance:
    """A filter with one set of options, and all lines that go through it, in order."""

    def __init__(self, name, options):
        self.name, self.options = name, options
        self.lines = []  # (bytes, expectation, "file:line")

    def spec(self):
        given = ",".join(f'{k}="{v}"' for k, v in self.options.items())
        return f"{self.name}[{given}]" if given else self.name


def read_log(name, logs):
    """The instances of one filter, as fail2ban's samplestestcase.py makes them."""
    instances, now_in, common, files = {}, [], {}, [name]

    def instance(options):
        own = {k: v for k, v in options.items() if not k.startswith("test.")}
        return instances.setdefault(str(own), Instance(name, own))

    for file in files:
        skip, expect = False, {}
        with open(os.path.join(logs, file), "rb") as f:
            numbered = enumerate(f, 1)
            for number, line in numbered:
                head = HEAD.match(line)
                if head:
                    what, value = head[1].decode(), json.loads(head[2])
                    if what == "fileOptions":
                        common = value
                        continue
                    if what == "addFILE":
                        files.append(value)
                        continue
                    if what == "filterOptions":
                        now_in, skip = [], False
                        for given in value if isinstance(value, list) else [value]:
                            options = {**common, **given}
                            if options.get("test.condition"):
                                skip = not eval(options["test.condition"], {"name": name})
                            if not skip:
                                now_in.append((instance(options), options))
                        continue
                    expect = value
                    number, line = next(numbered)
                elif skip or line.startswith(b"#") or not line.strip():
                    continue
                else:
                    expect = {}
                if skip:
                    continue
                if not now_in:
                    now_in = [(instance({}), {})]
                line = line.rstrip(b"\r\n")
                for to, options in now_in:
                    constraint = expect.get("constraint")
                    if constraint and not eval(constraint, {"name": name, "opts": options}):
                        continue
                    if options.get("logtype") == "journal":  # which knows the time apart from the message
                        line = options.get("test.prefix-line", "").encode() + line
                    to.lines.append((line, expect, f"{file}:{number}"))
    return instances.values()


def same_time(want, got):
    """Dates without a year get one of ours, since our clock is not that of fail2ban's tests, and times without a
    date a day of ours."""
    want = datetime.datetime.strptime(want.split(".")[0], "%Y-%m-%dT%H:%M:%S")
    got = datetime.datetime.fromisoformat(got.replace("Z", "+00:00")).astimezone(ZONE).replace(tzinfo=None)
    if want.date() in (NOW_DAY, NOW_DAY - datetime.timedelta(days=1)) and want.time() == got.time():
        return True
    return want == got or (want.year in (2004, 2005) and want.replace(year=got.year) == got)


def judge(expect, matches):
    """What became of one line: "" when as expected."""
    found = [m for m in matches if m["outcome"] not in ("nofail", "ignored", "pending")]
    if not expect.get("match", False):
        return "wrongly matched" if found else ""
    if not found:
        return "missed"
    if len(found) > 1:
        return "wrongly matched"
    want = next((expect[k] for k in ("host", "ip4", "ip6", "dns", "fid") if expect.get(k)), None)
    if isinstance(want, str) and found[0]["found"] != want:
        return "wrong address"
    if expect.get("time") and not same_time(expect["time"], found[0]["time"]):
        return "wrong time"
    return ""


def run(onus, instance, directory):
    """Matches by line number, or the reason why the filter is refused."""
    with tempfile.NamedTemporaryFile() as log:
        log.write(b"".join(line + b"\n" for line, _, _ in instance.lines))
        log.flush()
        when = ["--time", NOW] if instance.options.get("logtype") == "journal" else []
        done = subprocess.run(
            [onus, "extract", "--matches", *when, "--filter", instance.spec(), "--filter-path", directory, log.name],
            capture_output=True, env={**os.environ, "TZ": str(ZONE)}, check=False)
    if done.returncode != 0:
        return None, done.stderr.decode(errors="replace").strip()
    by_line = {}
    for line in done.stdout.splitlines():
        m = json.loads(line)
        by_line.setdefault(m["line"], []).append(m)
    return by_line, ""


def all_filters(tests, config, room):
    """Those of the package; and those of its tests, which include ../../../../../../../config/filter.d/…"""
    os.symlink(config, os.path.join(room, "config"))
    deep = os.path.join(room, *"1234567")
    os.makedirs(deep)
    for file in os.listdir(os.path.join(tests, "config", "filter.d")):
        if file.startswith("zzz-"):
            shutil.copy(os.path.join(tests, "config", "filter.d", file), deep)
    for directory in (os.path.join(config, "filter.d"), deep):
        for file in sorted(os.listdir(directory)):
            name = file.removesuffix(".conf")
            if name != file and os.path.isfile(os.path.join(tests, "files", "logs", name)):
                yield name, directory


def explained(path):
    """Rows of the table of differences: | file:line | what | why |"""
    with open(path, encoding="utf-8") as f:
        return set(re.findall(r"^\| `([^`]+:\d+)` \|", f.read(), re.M))


def main(onus, tests, config, differences, room):
    kinds = ("", "missed", "wrongly matched", "wrong address", "wrong time")
    total, known, seen, lines = dict.fromkeys(kinds, 0), explained(differences), set(), []
    print("| filter | expectations | met | missed | wrongly matched | wrong address | wrong time |")
    print("|---|---|---|---|---|---|---|")
    for name, directory in all_filters(tests, config, room):
        row = dict.fromkeys(kinds, 0)
        for instance in read_log(name, os.path.join(tests, "files", "logs")):
            by_line, why = run(onus, instance, directory)
            if why:
                lines.append(f"  {instance.spec()}: {why}")
            for number, (line, expect, where) in enumerate(instance.lines, 1):
                kind = judge(expect, by_line.get(number, []) if by_line is not None else [])
                # A filter that cannot be read meets nothing, not even what it would not have matched.
                kind = "missed" if by_line is None else kind
                row[kind] += 1
                if kind:
                    seen.add(where)
                    text = line.decode(errors="replace")[:150]
                    lines.append(f"{' ' if where in known else '!'} {where} {instance.spec()}: {kind}: {text}")
        for kind in kinds:
            total[kind] += row[kind]
        print(f"| {name} | {sum(row.values())} | " + " | ".join(str(row[k]) for k in kinds) + " |")
    n = sum(total.values())
    print(f"| all | {n} | " + " | ".join(str(total[k]) for k in kinds) + " |")
    print("\n".join(lines))
    for where in sorted(known - seen):
        print(f"! {where} is explained in {differences}, and is no difference")
    print(f"share met: {100 * total[''] / n:.2f} %")
    return 1 if total["wrong address"] + total["wrong time"] + len(known ^ seen) else 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        sys.exit(main(*sys.argv[1:], made))
