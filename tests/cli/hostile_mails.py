#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mails as somebody would write them who wants another one to be punished. 8.8.8.8 hands each of them to mx.example,
whose network is 193.0.0.0/24, and tries to have 1.2.3.4 blamed: in its HELO, its ident, its envelope, its certificate,
in lines below, in the body, and by what a parser may choke on. Writes one file a mail into the directory named; its
name says whether 8.8.8.8 has to be found ("found-…") or nobody ("nobody-…")."""
import os
import sys

OUT = sys.argv[1]
DATE = b"; Fri, 27 Nov 2026 01:02:03 +0100"
VICTIM = b"1.2.3.4"
REAL = b"Received: from h.example (r.example [8.8.8.8])\r\n\tby mx.example (Postfix) with ESMTP id 4AB" + DATE + b"\r\n"
FORGED = (b"Received: from spam.example (spam.example [1.2.3.4])\r\n\tby relay.example (Postfix) with ESMTP id 9X" + DATE +
          b"\r\n")
OWN = b"Received: from mx.example (mx.example [193.0.0.7]) by imap.example (Postfix) with ESMTP id 1" + DATE + b"\r\n"
REST = b"From: a@b.example\r\nSubject: x\r\n\r\nhello\r\n"


def line(text):
    return b"Received: " + text + DATE + b"\r\n"


HELOS = {
    "literal": b"[1.2.3.4]",
    "address": VICTIM,
    "literal-6to4": b"[IPv6:::ffff:1.2.3.4]",
    "comment": b"x (y [1.2.3.4])",
    "whole-line": b"x (y [1.2.3.4]) by mx.example (Postfix) with ESMTP id 1; Fri, 27 Nov 2026 01:02:03 +0100",
    "line-to-semicolon": b"x (y [1.2.3.4]) by mx.example;",
    "opens-comment": b"x (y [1.2.3.4]) by mx.example (",
    "closes-comment": b"x) (y [1.2.3.4]",
    "exim-key": b"[1.2.3.4] (helo=x)",
    "qmail": b"x (HELO y) (1.2.3.4)",
    "backslash": b"x (y [1.2.3.4]) by z (\\",
    "quote": b"\"x (y [1.2.3.4])\"",
    "angle": b"x (y [1.2.3.4]) <",
    "comment-in-comment": b"x ((([1.2.3.4])))",
    "folded-line": b"x\r\nReceived: from y (z [1.2.3.4]) by mx.example with SMTP",
    "folded-blank": b"x (y\r\n [1.2.3.4])",
    "bare-cr": b"x\rReceived: from y (z [1.2.3.4]) by mx.example",
    "nul": b"x\0(y [1.2.3.4])",
    "local-form": b"x by mx.example with local (",
    "fetchmail": b"x [1.2.3.4] by mx.example with POP3 (fetchmail-6.4)",
    "two-from": b"x from [1.2.3.4]",
    "unix-socket": b"([unix socket])",
    "pickup": b"mail pickup service",
    "escape": b"x\x1b[1A(y [1.2.3.4])",
    "long": b"x" * 20000 + b" (y [1.2.3.4])",
}
# How a mailer that lets every byte through would write them. %: the HELO.
MAILERS = {
    "postfix": b"from % (r.example [8.8.8.8]) by mx.example (Postfix) with ESMTP id 4AB",
    "sendmail": b"from % (root@r.example [8.8.8.8] (may be forged)) by mx.example (8.17.1/8.17.1) with ESMTP id 0A",
    "exim": b"from r.example ([8.8.8.8] helo=%) by mx.example with esmtp (Exim 4.96) id 1A-2B-3C",
    "exim-bare": b"from [8.8.8.8] (helo=%) by mx.example with esmtp (Exim 4.96) id 1A-2B-3C",
    "qmail": b"from unknown (HELO %) (8.8.8.8) by mx.example with SMTP",
    "exchange": b"from % (8.8.8.8) by mx.example (10.1.2.3) with Microsoft SMTP Server id 15.1.2",
    "ironport": b"from r.example (HELO %) ([8.8.8.8]) by mx.example with ESMTP",
}
# The client's other words. Each has a client that can be seen, or nobody.
WORDS = {
    "found-envelope-from": b"from h (r [8.8.8.8]) (envelope-from <a@[1.2.3.4]>) by mx with SMTP id 1",
    "found-recipient": b"from h (r [8.8.8.8]) by mx with SMTP id 1 for <u@[1.2.3.4]>",
    "found-recipient-fetched": b"from h (r [8.8.8.8]) by mx (Postfix) with ESMTP id 1 for <\"a (fetchmail-6.4) \"@own.example>",
    "found-recipient-fetched-no-comment": b"from h (r [8.8.8.8]) by mx with ESMTP id 1 for <\"a (getmail6 6) \"@own.example>",
    "found-sender-fetched": b"from r ([8.8.8.8] helo=h) by mx with esmtp (Exim 4.96) (envelope-from <\"x) (fdm 1, \"@evil.example>) id 1A",
    "found-sender-fetched-first": b"from h (r [8.8.8.8]) by mx with SMTP id 1 (envelope-from <\"x) (fdm 1, \"@evil.example>)",
    "nobody-recipient-local": b"from h by mx id 1 for <\"a with local \"@own.example>",
    "nobody-recipient-lmtp": b"from h by mx id 1 for <\"a with LMTP \"@own.example>",
    "nobody-sender-local": b"from h by mx (envelope-from <\"x) with local (\"@evil.example>) id 1",
    "nobody-recipient-exim": b"from [1.2.3.4] by mx with SMTP id 1 for <\"a (Exim 4.96) \"@own.example>",
    "found-certificate": b"from h (r [8.8.8.8]) (Client CN \"1.2.3.4\", Issuer \"x\" (not verified)) by mx with SMTP id 1",
    "nobody-certificate-literal": b"from h (r [8.8.8.8]) (Client CN \"[1.2.3.4]\") by mx with SMTP id 1",
    "nobody-certificate-line": b"from h (r [8.8.8.8]) (Client CN \"x) by y (z [1.2.3.4])\") by mx with SMTP id 1",
    "found-log-in": b"from h (r [8.8.8.8]) (Authenticated sender: 1.2.3.4) by mx with ESMTPA id 1",
    "found-reverse-name": b"from h (1.2.3.4 [8.8.8.8]) by mx (Postfix) with SMTP id 1",
    "found-reverse-name-like-one": b"from h (1-2-3-4.example [8.8.8.8]) by mx (Postfix) with SMTP id 1",
    "found-ident": b"from h (1.2.3.4@r [8.8.8.8]) by mx (8.9.3/8.9.3) with SMTP id 1",
    "nobody-ident-literal": b"from h ([1.2.3.4]@r [8.8.8.8]) by mx (8.9.3/8.9.3) with SMTP id 1",
    "nobody-ident-key": b"from [1.2.3.4] (helo=x@r [8.8.8.8]) by mx (8.9.3/8.9.3) with SMTP id 1",
    "nobody-no-address": b"from h by mx with SMTP id 1",
    "nobody-only-helo": b"from [1.2.3.4] by mx with SMTP id 1",
    "nobody-octal": b"from h (r [0010.8.8.8]) by mx with SMTP id 1",
    "nobody-short": b"from h (r [8.8]) by mx with SMTP id 1",
    "nobody-digits": b"from h (r [\xd9\xa1.2.3.4]) by mx with SMTP id 1",
    "nobody-webmail": b"from 1.2.3.4 (SquirrelMail authenticated user x) by mx with HTTP",
}
WHOLE = {
    "found-forged-below": REAL + FORGED * 3 + REST,
    "found-behind-own": OWN + REAL + FORGED + REST,
    "found-in-body": REAL + REST + FORGED,
    "found-only-body-below": REAL + b"Subject: x\r\n\r\n" + FORGED,
    "nobody-body": b"Subject: x\r\n\r\n" + FORGED,
    "nobody-body-after-lf": b"Subject: x\n\n" + FORGED,
    "nobody-no-field-ends-header": b"Subject: x\r\nthis is no field\r\n" + FORGED,
    "nobody-attached": (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" +
                        FORGED + REST + b"--b--\r\n"),
    "nobody-own-then-body": OWN + b"Subject: x\r\n\r\n" + FORGED,
    "nobody-unreadable-then-forged": line(b"from h by mx with SMTP id 1") + FORGED + REST,
    "nobody-cut-then-forged": line(b"from h (r [8.8.8.8") + FORGED + REST,
    "nobody-documentation": line(b"from h (r [192.0.2.9]) by mx with SMTP id 1") + FORGED + REST,
    "nobody-multicast": line(b"from h (r [224.0.0.9]) by mx with SMTP id 1") + FORGED + REST,
    "nobody-other-fields": (b"X-Received: from y (z [1.2.3.4]) by mx\r\nReceived-SPF: pass client-ip=1.2.3.4;\r\n"
                            b"X-Originating-IP: [1.2.3.4]\r\nX-Forwarded-For: 1.2.3.4\r\n" + REST),
    "found-folded-into-subject": b"Subject: x\r\n Received: from y (z [1.2.3.4]) by mx\r\n" + REAL + REST,
    "found-case": b"RECEIVED: from h (r [8.8.8.8]) by mx with SMTP id 1\r\n" + FORGED + REST,
    "nobody-one-mebibyte": b"Received: from " + b"(" * (1 << 20) + b" (y [1.2.3.4])\r\n" + FORGED + REST,
    "nobody-one-mebibyte-subject": b"Subject: " + b"x" * (1 << 20) + b"\r\n" + FORGED + REST,
    "nobody-ten-thousand-lines": b"Received: (qmail 7 invoked from network); x\r\n" * 10000 + FORGED + REST,
    "nobody-ten-thousand-own": OWN * 10000 + FORGED + REST,
    "nobody-nul-field": b"Received:\0 from y (z [1.2.3.4]) by mx\r\n" + FORGED + REST,
    "nobody-nul-line": line(b"from h (r [8.8.8.8])\0 by mx with SMTP id 1") + FORGED + REST,
    "nobody-brackets": b"Received: from " + b"[" * 8000 + b" by mx\r\n" + FORGED + REST,
    "nobody-empty": b"Received:\r\n" + FORGED + REST,
    "nobody-by-network": line(b"by mx.example with SMTP id 1") + FORGED + REST,
}


def write(name, data):
    with open(os.path.join(OUT, name + ".eml"), "wb") as f:
        f.write(data)


for name, helo in HELOS.items():
    for mailer, form in MAILERS.items():
        write(f"any-{mailer}-{name}", line(form.replace(b"%", helo)) + FORGED + REST)
for name, text in WORDS.items():
    write(name, line(text) + FORGED + REST)
for name, mail in WHOLE.items():
    write(name, mail)
