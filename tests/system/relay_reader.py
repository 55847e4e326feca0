#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who handed each mail of the corpus to the mail hosts of whoever received it: found from the receivers' side. onus
believes networks and walks from the top down; this reader knows the names of the receivers, looks for the lines that
they wrote, by the form of the program that ran there, and takes the lowest of them that is joined to the top by such
lines. It shares no code and no list of forms with onus. Prints FILE, ADDRESS or '-', and a word.

Usage: relay_reader.py own|lists FILE…"""
import email
import email.policy
import ipaddress
import re
import sys

# What ran where, as the headers of the corpus show it.
SENDMAIL = re.compile(r"from \S+ \((?:[^\s()\[\]]*\s?)\[(\d+\.\d+\.\d+\.\d+)\](?: \(may be forged\))?\)(?: \(authenticated\))? by (\S+) \(8\.")
POSTFIX = re.compile(r"from \S+ \(\S+ \[(\d+\.\d+\.\d+\.\d+)\]\) by (\S+) \(Postfix\)")
EXIM = re.compile(r"from \S+ \(\[(\d+\.\d+\.\d+\.\d+)\](?: helo=\S+)?\) by (\S+) with e?smtp \((?:Cipher \S+\) \()?Exim ")
EXIM_BARE = re.compile(r"from \[(\d+\.\d+\.\d+\.\d+)\](?: \(helo=\S+\))? by (\S+) with e?smtp \((?:Cipher \S+\) \()?Exim ")
FETCH = re.compile(r"from \S+ \[\d+\.\d+\.\d+\.\d+\] by localhost with (?:POP3|IMAP) \(fetchmail-")

# The mail hosts of those who received the corpus: where their lines are, fetchmail's home, where it fetched from.
HOME = {"jmason.org", "zzzzason.org", "spamassassin.taint.org", "phobos.labs.netnoteinc.com",
        "phobos.labs.spamassassin.taint.org"}
OWN = {"dogma.slashnull.org", "webnote.net", "mail.webnote.net", "lerami.lerctr.org", "sonic.spamtraps.taint.org"}
# Hosts of lists that they subscribed to, for the second run: what they wrote can be believed as well.
LISTS = {"xent.com", "lair.xent.com", "usw-sf-list1.sourceforge.net", "usw-sf-list2.sourceforge.net",
         "listman.redhat.com", "listman.spamassassin.taint.org", "int-mx1.corp.redhat.com", "mx1.redhat.com",
         "mx2.redhat.com", "mx3.redhat.com", "int-mx1.corp.spamassassin.taint.org", "mx1.spamassassin.taint.org",
         "mx2.spamassassin.taint.org", "mx3.spamassassin.taint.org", "egwn.net", "auth02.nl.egwn.net",
         "lugh.tuatha.org", "cpu59.osdn.com"}
LIST_HOSTS = {"64.161.22.236", "216.136.171.252", "66.187.233.211", "193.172.5.4", "194.125.145.45", "64.28.67.73"}


def received(path):
    with open(path, "rb") as f:
        mail = email.message_from_binary_file(f, policy=email.policy.compat32)
    return [" ".join(str(v).split()) for v in mail.get_all("Received", [])]


def find(lines, names, inside):
    """The client of the last line in an unbroken run of lines by these names."""
    why = "no-lines"
    for line in lines:
        if FETCH.match(line):
            why = "inside"
            continue
        if re.match(r"\(from \S+@\S+\) by (\S+) \(8\.|by \S+ \(Postfix, from userid \d+\)|"
                    r"\(qmail \d+ invoked |via dmail-|from \S+ by \S+ with local \(Exim ", line):
            why = "inside"
            continue
        m = SENDMAIL.match(line) or POSTFIX.match(line) or EXIM.match(line) or EXIM_BARE.match(line)
        if not m or m.group(2) not in names:
            return "-", "unreadable"
        client = ipaddress.ip_address(m.group(1))
        if not (client.is_private or client.is_loopback or m.group(1) in inside):
            return m.group(1), "found"
        why = "inside"
    return "-", why


def main():
    lists = sys.argv[1] == "lists"
    names = HOME | OWN | (LISTS if lists else set())
    inside = {"193.120.211.219"} | (LIST_HOSTS if lists else set())
    for path in sys.argv[2:]:
        print(path, *find(received(path), names, inside), sep="\t")


main()
