"""What a bad or an odd sender of syslog does: syslog_send.py WHAT PLACE"""
import socket
import sys

what, place = sys.argv[1:3]
how, _, at = place.partition(':')


def connection():
    if how == 'unix-stream':
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.connect(at)
    elif how == 'unix':
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.connect(at)
    else:
        host, _, port = at.rpartition(':')
        kind = socket.SOCK_DGRAM if how == 'udp' else socket.SOCK_STREAM
        s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, kind)
        s.connect((host.strip('[]'), int(port)))
    return s


def failed(address):
    return f'<38>1 - mx sshd 7 - - Failed password for root from {address} port 22 ssh2'


s = connection()
if what == 'hostile':  # five that are refused, the innocent 46.0.9.9 in each
    s.sendall(b'<38>' + b'x' * 9000 + failed('46.0.9.9').encode() + b'\n')
    s.sendall(b'Nov 30 23:59:58 mx sshd[7]: Failed password for root from 46.0.9.9 port 22 ssh2\n')
    s.sendall(b'<38>1 - mx sshd 7 - [x Failed password for root from 46.0.9.9 port 22 ssh2\n')
    s.sendall(f'<38>1 - mx sshd 7 - - Invalid user a\0{failed("46.0.9.9")}\n'.encode())
    text = f'{failed("46.0.1.3")}'.encode()
    s.sendall(f'{len(text)} '.encode() + text)  # this one counts
    s.sendall(failed('46.0.9.9').encode()[:-5])  # never finished
    s.close()
    s = connection()
    s.sendall(b'99999999999999999999 ')
elif what == 'slow':  # a message a byte at a time, by two who talk at once
    t = connection()
    for c in (failed('46.0.1.4') + '\n').encode():
        s.sendall(bytes([c]))
        t.sendall(bytes([c]))
elif what == 'forged':
    s.sendall(f'<38>1 - mx sshd 7 - - Invalid user x from 46.0.1.5 port 1\n{failed("46.0.9.9")}'.encode())
else:
    sys.exit('unknown: ' + what)
s.close()
