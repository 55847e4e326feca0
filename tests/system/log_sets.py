#!/usr/bin/env python3
"""log_sets DATA DIR: see log-sets.sh. Reads the known results by itself, asks `onus extract` about the logs, compares.

Three forms of known results: a line and the address that it is about; a line that is about nobody; a log and the
addresses that must be found in it (alerts). What `onus extract` finds is asked with what it ships by default, and where
that is not all with sshd's mode=aggressive, with the filters that must be named, and with those of good observations
(log-ins, deliveries)."""
import csv
import functools
import glob
import ipaddress
import json
import os
import re
import subprocess
import sys

SOURCE, BUILD = os.environ['ONUS_SOURCE'], os.environ['ONUS_BUILD']
DATA, DIR = sys.argv[1:]
DOC = SOURCE + '/doc/log-sets.md'
EXTRACT = [BUILD + '/src/prog/onus/onus', 'extract', '-c', '/dev/null', '-o', 'json_path=' + SOURCE + '/etc/json.d',
           '-o', 'filter_path=' + SOURCE + '/etc/filter.d']
GOOD = ['--filter', 'sshd-good', '--filter', 'dovecot-good', '--filter', 'postfix-good']
AGGRESSIVE = ['--filter', 'sshd[mode=aggressive]']
NAMED = [a for f in ('database', 'nginx-error', 'nginx-error-scan', 'nginx-error-auth', 'nginx-error-rate') for a in ('--filter', f)]
COLUMNS = ('cases', 'expected', 'matched', 'scans', 'named', 'good', 'missed', 'wrong', 'more')
PRIVATE = re.compile(rb'(?<![0-9.])(?:(10|127)(?=\.\d+\.\d+\.\d+(?![0-9.]))|(172)(?=\.(?:1[6-9]|2\d|3[01])\.\d+\.\d+(?![0-9.]))'
                     rb'|(192)(?=\.168\.\d+\.\d+(?![0-9.])))')


def key(text):
    """An address as it is compared: IPv4 out of v4-mapped, an IPv6 host as its /64."""
    a = ipaddress.ip_address(text.split('%')[0].split('/')[0])
    if a.version == 6 and a.ipv4_mapped:
        a = a.ipv4_mapped
    return str(a) if a.version == 4 else str(ipaddress.ip_network((a, 64), strict=False))


def lines_of(path):
    with open(path, 'rb') as f:
        return [l.decode('utf-8', 'replace') for l in f.read().split(b'\n')]


def extract(path, *options):
    """line → addresses"""
    p = subprocess.run([*EXTRACT, *options, path], env={**os.environ, 'TZ': 'UTC'}, capture_output=True, check=False)
    if p.returncode and not re.search(rb'not recognised|JSON, but ', p.stderr):
        sys.exit('log-sets: %s: %s' % (path, p.stderr.decode()))
    found = {}
    for text in p.stdout.splitlines():
        o = json.loads(text)
        a = o.get('found') if 'outcome' in o else o.get('source.ip') or o.get('source.network')
        if a and o.get('outcome') in (None, 'event', 'special'):
            found.setdefault(o['line'], set()).add(key(a))
    return found


def moved(data):
    """Addresses of private space stand for others: a map says nothing of what it passes over."""
    return PRIVATE.sub(lambda m: b'%d' % (int(m.group(0)) - 1), data)


class Found:
    """What is found in a log, line → addresses; each is asked about when somebody wants to know."""

    def __init__(self, path):
        self.path = path

    @functools.cached_property
    def default(self):
        """By filters, else by a map."""
        text = extract(self.path, '--matches')
        with open(self.path, 'rb') as f:
            # of a log that is JSON in part, the lines that are
            lines = [l if l.startswith(b'{') else b'' for l in moved(f.read()).split(b'\n')]
        if any(lines):
            with open(DIR + '/moved', 'wb') as out:
                out.write(b'\n'.join(lines))
            for line, addresses in extract(DIR + '/moved', '--json', '--line-numbers').items():
                text.setdefault(line, addresses)
        return text

    @functools.cached_property
    def scans(self):
        return extract(self.path, '--matches', *AGGRESSIVE)

    @functools.cached_property
    def named(self):
        return extract(self.path, '--matches', *NAMED)

    @functools.cached_property
    def good(self):
        return extract(self.path, '--matches', *GOOD)


WAYS = ('default', 'matched'), ('scans', 'scans'), ('named', 'named'), ('good', 'good')  # of Found, and the columns


def both(a):
    """An address and what it becomes when private space is moved away."""
    return {key(a), key(moved(a.encode()).decode())}


class Row:
    def __init__(self):
        self.n, self.missed = dict.fromkeys(COLUMNS, 0), []

    def add(self, **counts):
        for name, n in counts.items():
            self.n[name] += n

    def text(self):
        return tuple(self.n[c] for c in COLUMNS)


def by_line(row, path, wanted):
    """wanted: line number → address. Every line is a case."""
    found = Found(path)
    lines = lines_of(path)
    row.add(cases=sum(1 for l in lines if l.strip()), expected=len(wanted))
    for number, address in wanted.items():
        for way, column in WAYS:
            if number in getattr(found, way):
                row.add(**{column if getattr(found, way)[number] <= both(address) else 'wrong': 1})
                break
        else:
            row.add(missed=1)
            row.missed.append(lines[number - 1])
    row.add(more=len(set(found.default) - set(wanted)))
    row.missed += ['more: ' + lines[n - 1] for n in set(found.default) - set(wanted)]


def by_log(row, path, wanted):
    """wanted: addresses that must be found somewhere in the log."""
    found = Found(path)
    lines = lines_of(path)
    row.add(cases=sum(1 for l in lines if l.strip()), expected=len(wanted))
    all_wanted = set().union(*(both(a) for a in wanted))
    for a in wanted:
        name = next((column for way, column in WAYS[:3] if both(a) & set().union(*getattr(found, way).values())), 'missed')
        row.add(**{name: 1})
        if name == 'missed':
            row.missed.append('%s: %s' % (a, next((l for l in lines if a in l), '?')))
    other = {}
    for number, addresses in found.default.items():
        for a in addresses - all_wanted:
            # the line names an address that is expected, and another one was taken
            wrong = any(re.search(r'(?<![0-9.])' + re.escape(w) + r'(?![0-9.])', lines[number - 1]) for w in wanted)
            other[a] = other.get(a, False) or wrong
            row.missed.append('%s %s: %s' % ('wrong' if wrong else 'more', a, lines[number - 1]))
    row.add(wrong=sum(other.values()), more=len(other) - sum(other.values()))


# CrowdSec's hub: parser.assert says what each line was read as, scenario.assert which addresses an alert names.
ASSERT = re.compile(r'^results\["(s\d\d-[^"]*)"\]\["([^"]*)"\]\[(\d+)\]\.(.*)$')


def unquote(text):
    try:
        return json.loads('"%s"' % text)
    except ValueError:
        return text.replace('\\"', '"').replace('\\\\', '\\')


def hub_lines(path, lines):
    entries = {}
    for text in lines_of(path):
        m = ASSERT.match(text)
        if not m or m.group(1) != 's01-parse':
            continue
        e = entries.setdefault((m.group(2), int(m.group(3))), {})
        v = re.match(r'Evt\.(Parsed|Meta)\["([^"]*)"\] == "(.*)"$', m.group(4))
        if v:
            e[v.group(1), v.group(2)] = unquote(v.group(3))
    wanted = {}
    for e in entries.values():
        ip = e.get(('Meta', 'source_ip'))
        if not ip:
            continue
        try:
            key(ip)
        except ValueError:
            continue
        free = [n for n, l in enumerate(lines, 1) if n not in wanted and ip in l]
        message = e.get(('Parsed', 'message'))
        same = [n for n in free if message and (message in lines[n - 1] or lines[n - 1].strip() == message.strip())]
        if same or free:
            wanted[(same or free)[0]] = ip
    return wanted


def hub_set(directory):
    row = Row()
    with open(directory + '/config.yaml', encoding='utf-8') as f:
        log = directory + '/' + re.search(r'log_file: *"?([^"\n]*)"?', f.read()).group(1)
    lines = lines_of(log)
    wanted = hub_lines(directory + '/parser.assert', lines) if os.path.exists(directory + '/parser.assert') else {}
    if wanted:
        by_line(row, log, wanted)
        return row
    alerts = set()
    if os.path.exists(directory + '/scenario.assert'):
        for text in lines_of(directory + '/scenario.assert'):
            m = re.match(r'results\[\d+\]\.Overflow\.Sources\["[^"]*"\]\.IP == "([^"]+)"', text)
            if m:
                alerts.add(m.group(1))
    by_log(row, log, alerts)
    return row


# SSHGuard's tests: line(s), what is expected (service, address, family, danger) or *, and M.
SSHGUARD_HEADS = {'100': 'sshd', '120': 'named', '210': 'dovecot', '260': 'postfix/smtpd', '300': 'ftpd',
                  '310': 'proftpd', '320': 'pure-ftpd', '330': 'vsftpd', '101': 'dropbear'}
DATED = re.compile(r'(?:<\d+>\d )?(?:[A-Z][a-z]{2} +\d+ \d\d:|(?:19|20)\d\d[-/]\d\d[-/]\d\d[ T]|\S+ \S+ \S+ \[\d\d/[A-Z])')


def sshguard():
    """One row for each service that the tests name."""
    cases, lines = [], []
    for text in lines_of(DATA + '/sshguard-tests/tests.txt'):
        if re.match(r'M( |$)', text) and lines:
            cases.append((lines[:-1], lines[-1]))
            lines = []
        elif text.strip() and not (text.startswith('#') or re.match(r'M( |$)', text)):
            lines.append(text)
    rows, service = {}, '100'
    for case, result in cases:
        if result != '*':
            service, address = result.split()[:2]
        name = 'sshguard-tests: ' + SSHGUARD_NAMES.get(service, 'others')
        entry = rows.setdefault(name, ([], {}))
        for text in case:
            if not DATED.match(text):
                head = SSHGUARD_HEADS.get(service)
                text = '2026-11-10 03:01:11 ' + text if service == '240' else \
                    'Nov 10 03:01:11 host %s: %s' % (head + '[7]' if head else 'x', text)
            entry[0].append(text)
        if result != '*':
            entry[1][len(entry[0])] = address
    made = {}
    for name, (text, wanted) in rows.items():
        path = DIR + '/sshguard.log'
        with open(path, 'w', encoding='utf-8') as f:
            f.write('\n'.join(text) + '\n')
        by_line(made.setdefault(name, Row()), path, wanted)
    return made


SSHGUARD_NAMES = {'100': 'sshd', '240': 'Exim', '210': 'Dovecot', '260': 'Postfix', '300': 'FTP', '310': 'FTP',
                  '320': 'FTP', '330': 'FTP', '120': 'BIND', '350': 'web', '360': 'web', '370': 'web'}


def grok():
    """Tests of the grok patterns for Postfix: one message each, and the client where it has one."""
    row, wanted, text = Row(), {}, []
    for path in sorted(glob.glob(DATA + '/postfix-grok-tests/*.yaml')):
        with open(path, encoding='utf-8') as f:
            content = f.read()
        message = re.search(r'^data: *(.*)$', content, re.M).group(1)
        if message.startswith('"'):
            message = json.loads(message)
        client = re.search(r'postfix_client_ip: *"?([0-9a-fA-F:.]+)"?', content)
        program = re.sub(r'_\d+\.yaml$', '', os.path.basename(path))
        text.append('Nov 10 03:01:11 host postfix/%s[7]: %s' % (program, message.replace('\r', '').replace('\n', '\\n')))
        if client:
            wanted[len(text)] = client.group(1)
    path = DIR + '/grok.log'
    with open(path, 'w', encoding='utf-8') as f:
        f.write('\n'.join(text) + '\n')
    by_line(row, path, wanted)
    return row


# loghub's structured reading of the sshd log: the templates that are attempts, or scans, or a log-in
SSHD_TEMPLATES = {'E9', 'E10', 'E13', 'E14', 'E3', 'E2', 'E1'}


def loghub():
    row, wanted = Row(), {}
    log = DATA + '/loghub/OpenSSH/OpenSSH_2k.log'
    with open(log + '_structured.csv', encoding='utf-8', newline='') as f:
        for r in csv.DictReader(f):
            if r['EventId'] in SSHD_TEMPLATES:
                wanted[int(r['LineId'])] = re.findall(r'(?:from|by) (\d+\.\d+\.\d+\.\d+)', r['Content'])[-1]
    by_line(row, log, wanted)
    return row


def kdent():
    """Postfix: what smtpd refused, for whatever reason, and its lines about SASL; read by splitting."""
    row, wanted = Row(), {}
    log = DATA + '/postfix-kdent/mail.log'
    for number, text in enumerate(lines_of(log), 1):
        parts = text.split(' reject: ', 1)
        if len(parts) == 2 and '/smtpd[' in parts[0]:
            wanted[number] = parts[1].split('[', 1)[1].split(']', 1)[0]
    by_line(row, log, wanted)
    return row


COWRIE = {'cowrie.login.failed', 'cowrie.login.success', 'cowrie.command.input', 'cowrie.session.file_download',
          'cowrie.direct-tcpip.request', 'cowrie.session.connect'}


def cowrie():
    row = Row()
    for log in sorted(glob.glob(DATA + '/cowrie-kareiva-2018/cowrie.json.*')):
        wanted = {}
        for number, text in enumerate(lines_of(log), 1):
            o = json.loads(text) if text.startswith('{') else {}
            if o.get('eventid') in COWRIE and ipaddress.ip_address(o['src_ip']).is_global:
                wanted[number] = o['src_ip']
        by_line(row, log, wanted)
    return row


def documented():
    """Rows of the document: their sets, their figures."""
    rows = []
    if not os.path.exists(DOC):
        return rows
    with open(DOC, encoding='utf-8') as f:
        for text in f:
            cells = [c.strip() for c in text.strip().strip('|').split('|')]
            names = re.findall(r'`([^`]+)`', cells[0])
            if text.startswith('| `') and len(cells) == len(COLUMNS) + 2:
                rows.append((names, tuple(int(c) if c else 0 for c in cells[1:-1]), cells[-1]))
    return rows


def main():
    rows = {'loghub sshd': loghub(), 'postfix-kdent': kdent(), 'cowrie-kareiva-2018': cowrie(),
            'postfix-grok-tests': grok(), **sshguard()}
    for config in sorted(glob.glob(DATA + '/crowdsec-hub-tests/*/config.yaml')):
        directory = os.path.dirname(config)
        rows[os.path.basename(directory)] = hub_set(directory)
    print('%-36s' % 'set' + ''.join('%9s' % c for c in COLUMNS))
    for name, row in rows.items():
        print('%-36s' % name + ''.join('%9d' % n for n in row.text()))
        if os.environ.get('ONUS_MISSED'):
            for text in row.missed:
                print('      ' + text[:300])
    total = [sum(r.n[c] for r in rows.values()) for c in COLUMNS]
    print('%-36s' % ('%d sets' % len(rows)) + ''.join('%9d' % n for n in total))
    failed, told = [], set()
    for names, want, why in documented():
        told.update(names)
        unknown = [n for n in names if n not in rows]
        if unknown:
            failed.append('doc/log-sets.md tells of %s, which is not there' % ', '.join(unknown))
            continue
        got = tuple(sum(rows[n].n[c] for n in names) for c in COLUMNS)
        if got != want:
            failed.append('%s: %s, where doc/log-sets.md has %s' % (' '.join(names), got, want))
        n = dict(zip(COLUMNS, got))
        if (n['missed'] or n['more']) and not why:
            failed.append('%s: a difference without a reason' % ' '.join(names))
    if set(rows) - told:
        failed.append('not in doc/log-sets.md: ' + ' '.join(sorted(set(rows) - told)))
    failed += ['%s: a wrong address' % n for n, r in rows.items() if r.n['wrong']]
    for text in failed:
        print('log-sets: ' + text)
    return 1 if failed else 0


sys.exit(main())
