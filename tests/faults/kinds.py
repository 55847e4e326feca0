# SPDX-License-Identifier: GPL-3.0-or-later
"""Which faults there are, and what they are called."""
import collections

import proxy

# Onto a hub with some of the batches in it, and onto one that is not made yet; and a sensor's loader, into the inbox.
OLD, NEW, SENSOR = "old hub", "new hub", "sensor"

# What a system call may come back with; (word of its arguments, error).
ERRORS = {
    "openat": [("", "EIO"), ("", "EMFILE"), ("O_CREAT", "ENOSPC")],
    "read": [("", "EIO"), ("", "EINTR")],
    "pread64": [("", "EIO"), ("", "EINTR")],
    "write": [("", "EIO"), ("", "ENOSPC"), ("", "EINTR")],
    "pwrite64": [("", "EIO"), ("", "ENOSPC"), ("", "EINTR")],
    "fsync": [("", "EIO"), ("", "ENOSPC")],
    "fdatasync": [("", "EIO"), ("", "ENOSPC")],
    "ftruncate": [("", "EIO"), ("", "ENOSPC")],
    "fallocate": [("", "EIO"), ("", "ENOSPC")],
    "mkdir": [("", "EIO"), ("", "ENOSPC")],
    "rename": [("", "EIO"), ("", "ENOSPC")],
    "link": [("", "EIO"), ("", "ENOSPC")],
    "unlink": [("", "EIO")],
    "utimensat": [("", "EIO")],
    "getdents64": [("", "EIO")],
    "newfstatat": [("", "EIO")],
    "access": [("", "EIO")],
    "flock": [("", "EIO")],
    "fcntl": [("F_SETLK", "EIO"), ("F_SETLK", "EAGAIN")],
    "mmap": [("", "ENOMEM")],
    "socket": [("", "EMFILE")],
    "connect": [("", "ECONNREFUSED")],
    "sendto": [("", "EINTR")],  # that nothing can be sent on a connection that is there does not happen; it is cut elsewhere
    "recvfrom": [("", "ECONNRESET"), ("", "EINTR")],
    "poll": [("", "EINTR")],
}
# From one call on all of these fail, until the program is started anew.
FOR_GOOD = {
    "ENOSPC": ("write", "pwrite64", "fsync", "fdatasync", "ftruncate", "fallocate", "mkdir", "rename", "link"),
    "EIO": ("read", "pread64", "write", "pwrite64", "fsync", "fdatasync", "ftruncate"),
}
HELD = "held"
NAMES = {"kill": "kill -9 at a system call", proxy.CUT: "connection cut before a request",
         proxy.LOST: "connection cut before its answer", proxy.KILL: "kill -9 before a request",
         proxy.KILLED: "kill -9 before its answer", proxy.LATE: "no answer until it gives up",
         HELD: "database held for an hour",
         proxy.GONE: "server gone for an hour", proxy.RESTART: "server killed, started again"}
REQUEST_KINDS = (proxy.CUT, proxy.LOST, proxy.KILL, proxy.KILLED, proxy.LATE, proxy.GONE)
SLOW = (HELD, proxy.RESTART)

Fault = collections.namedtuple("Fault", "engine scenario kind at inject")


class Wrong(Exception):
    pass


def name_of(fault):
    return f"{fault.engine}, {fault.scenario}, {NAMES.get(fault.kind, fault.kind)}, {fault.at}"
