"""Entries for systemd-journal-remote: journal_export.py FIRST COUNT [hostile]

Entry i is a failed log-in from 46.1.x.y (x, y of i), a second apart, since a day before now; every tenth is followed
by one that was let in, from 47.1.x.y."""
import struct
import sys
import time

first, n = int(sys.argv[1]), int(sys.argv[2])
began = int(time.time()) - 86400
out = sys.stdout.buffer


def entry(i, message, **fields):
    out.write(f'__REALTIME_TIMESTAMP={(began + i) * 1000000 + i % 1000}\n'.encode())
    fields = {'_HOSTNAME': 'mx', 'SYSLOG_IDENTIFIER': 'sshd', '_PID': '7', '_SYSTEMD_UNIT': 'ssh.service', **fields}
    for name, value in fields.items():
        if value is not None:
            out.write(f'{name}={value}\n'.encode())
    if message is not None:
        out.write(b'MESSAGE\n' + struct.pack('<Q', len(message)) + message + b'\n')
    out.write(b'\n')


def failed(address):
    return f'Failed password for root from {address} port 22 ssh2'.encode()


for i in range(first, first + n):
    entry(i, failed(f'46.1.{i // 200}.{i % 200 + 1}'))
    if i % 10 == 0:
        entry(i, f'Accepted publickey for joe from 47.1.{i // 200}.{i % 200 + 1} port 22 ssh2: ED25519 SHA256:abc'.encode())
if sys.argv[3:]:  # nothing of these is an event but the last
    i = first + n
    entry(i, failed('46.9.9.1'), _SYSTEMD_UNIT='evil.service')
    entry(i + 1, b'Invalid user x\n2026-11-26T00:00:00Z mx sshd[7]: ' + failed('46.9.9.2'))
    entry(i + 2, b'Failed password for ' + b'x' * 9000 + b' from 46.9.9.3 port 22 ssh2')
    entry(i + 3, failed('46.9.9.4')[:-30])
    entry(i + 4, None)
    entry(i + 5, failed('46.9.9.5'), SYSLOG_IDENTIFIER='sshd[1]:\tx')
    entry(i + 6, failed('46.1.250.1'), _HOSTNAME=None, _PID=None)
