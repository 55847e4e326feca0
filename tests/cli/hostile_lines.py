#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log lines as attackers would write them: every place where a log quotes the client's own words, filled
with everything that a filter takes for a sighting of the victim, 1.2.3.4. The client is 8.8.8.8."""
DATE = "Nov 10 03:01:11 host "
CLIENT, VICTIM = "8.8.8.8", "1.2.3.4"
EXIM = "2026-11-10 03:01:11 "
RSPAMD = "2026-11-10 03:01:11 #1234(normal) <a1b2c3>; task; rspamd_task_write_log: "
AMAVIS = DATE + "amavis[7]: "
WEB = "[10/Nov/2026:03:01:11 +0000] "
NGINX, TAGGED = DATE + "nginx: ", DATE + "apache2[7]: "
APACHE = "[Tue Nov 10 03:01:11.123456 2026] "
PHONE = "[2026-11-10 03:01:11] NOTICE[1638] "
SECURITY = '[2026-11-10 03:01:11] SECURITY[77]: res_security_log.c:114 security_event_stasis_cb: SecurityEvent="InvalidAccountID",EventTV="2026-11-10T03:01:11.192+0000",Severity="Error",Service="PJSIP",EventVersion="1",'
NERR = "2026/11/10 03:01:11 [error] 7#7: *1 "
NTAIL = ', client: %A, server: www.example.org, request: "GET /%H HTTP/1.1", host: "%X"'
NREF = NTAIL + ', referrer: "%X"'
SSHD, SMTPD, SCREEN = DATE + "sshd[7]: ", DATE + "postfix/smtpd[7]: ", DATE + "postfix/postscreen[7]: "

# %A: the address, %X: the client's words, %H: those that a name of a host can have, %Q: as servers escape them
TEMPLATES = [
    SSHD + "Failed password for invalid user %X from %A port 22 ssh2",
    SSHD + "Failed password for %X from %A port 22 ssh2",
    SSHD + "Failed keyboard-interactive/pam for invalid user %X from %A port 22 ssh2",
    SSHD + "error: Failed password for %X from %A port 22 ssh2",
    DATE + "sshd-session[4194304]: error: Failed password for %X from %A port 22 ssh2",
    DATE + "sshd-session[4194304]: Invalid user %X from %A port 22",
    SSHD + "Invalid user %X from %A port 22",
    SSHD + "Invalid user %X from %A",
    SSHD + "User %X from %A not allowed because not listed in AllowUsers",
    SSHD + "message repeated 2 times: [ Failed password for %X from %A port 22 ssh2]",
    SSHD + "ROOT LOGIN REFUSED FROM %A port 22",
    SSHD + "Accepted password for %X from %A port 22 ssh2",
    SSHD + "Connection closed by invalid user %X %A port 22 [preauth]",
    SSHD + "Received disconnect from %A port 22:11: %X",
    SSHD + "error: PAM: Authentication failure for %X from %A",
    SSHD + "Disconnected from invalid user %X %A port 22 [preauth]",
    SSHD + "Disconnecting invalid user %X %A port 22: Change of username or service not allowed: (%X,%X) -> (x,x) [preauth]",
    SSHD + "Disconnecting authenticating user %X %A port 22: Too many authentication failures [preauth]",
    SSHD + "error: maximum authentication attempts exceeded for %X from %A port 22 ssh2 [preauth]",
    SSHD + "refused connect from %X (%A)",
    SSHD + "Bad protocol version identification '%X' from %A port 22",
    SSHD + "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser=%X rhost=%A  user=%X",
    SSHD + "pam_unix(sshd:auth): check pass; user unknown, rhost=%X",
    SSHD + "reverse mapping checking getaddrinfo for %X [%A] failed - POSSIBLE BREAK-IN ATTEMPT!",
    SMTPD + "NOQUEUE: reject: RCPT from unknown[%A]: 554 5.7.1 <%X>: Relay access denied; from=<%X> to=<%X> proto=ESMTP helo=<%X>",
    SMTPD + "NOQUEUE: reject: RCPT from unknown[%A]: 450 4.7.1 <%X>: Helo command rejected: Host not found; from=<%X> to=<b@s> helo=<%X>",
    SMTPD + "NOQUEUE: reject: RCPT from unknown[%A]: 450 4.2.0 <x@y>: Recipient address rejected: Greylisted; from=<%X> to=<x@y> helo=<%X>",
    SMTPD + "NOQUEUE: reject: RCPT from unknown[%A]: 554 5.7.1 Service unavailable; Client host [%A] blocked using b.example; %X; from=<%X>",
    SMTPD + "A1: milter-reject: END-OF-MESSAGE from unknown[%A]: 5.7.1 Spam message rejected; from=<%X> to=<%X> helo=<%X>",
    SMTPD + "warning: unknown[%A]: SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=%X",
    SMTPD + "warning: non-SMTP command from unknown[%A]: %X",
    SMTPD + "warning: hostname %X does not resolve to address %A",
    SMTPD + "improper command pipelining after EHLO from unknown[%A]: %X",
    SMTPD + "too many errors after AUTH from unknown[%A]",
    SMTPD + "A1: client=unknown[%A], sasl_method=LOGIN, sasl_username=%X",
    SCREEN + "PREGREET 14 after 0.22 from [%A]:61450: %X",
    SCREEN + "NON-SMTP COMMAND from [%A]:61450 after CONNECT: %X",
    SCREEN + "COMMAND PIPELINING from [%A]:61450 after EHLO: %X",
    DATE + "postfix/cleanup[7]: A1: milter-reject: END-OF-MESSAGE from unknown[%A]: 5.7.1 Spam message rejected; from=<%X> to=<%X> helo=<%X>",
    DATE + "postfix/cleanup[7]: A1: reject: header Subject: %X from unknown[%A]; from=<%X> to=<%X> helo=<%X>: 5.7.1 %X",
    SCREEN + "NOQUEUE: reject: RCPT from [%A]:62175: 550 5.7.1 Service unavailable; client [%A] blocked using b.example; from=<%X>, helo=<%X>",
    DATE + "postfix/cleanup[7]: 4ABCDEF01: info: header X-Spam-Level: ********* from %H[%A]; from=<%X> to=<%X> proto=ESMTP helo=<%X>",
    DATE + "postfix/cleanup[7]: 4ABCDEF01: info: header X-Spam-Level: %X from unknown[%A]; from=<%X> to=<%X> proto=ESMTP helo=<%X>",
    DATE + "postfix/cleanup[7]: 4ABCDEF01: info: header X-Spam-Level: **%X from unknown[%A]; from=<%X> to=<%X> proto=ESMTP helo=<%X>",
    DATE + "postfix/cleanup[7]: A1: warning: header Subject: %X from unknown[%A]; from=<%X> to=<%X> helo=<%X>",
    DATE + "dovecot: imap-login: Disconnected (auth failed, 3 attempts in 17 secs): user=<%X>, method=PLAIN, rip=%A, lip=203.0.113.5, TLS, session=<k3a/abcAA>",
    DATE + "dovecot: imap-login: Login aborted: Connection closed (auth failed, 3 attempts in 15 secs) (auth_failed): user=<%X>, method=PLAIN, rip=%A, lip=203.0.113.5, session=<abcd>",
    "2026-11-10 03:01:11 imap-login: Info: Disconnected (auth failed, 3 attempts in 17 secs): user=<%X>, method=PLAIN, rip=%A, lip=203.0.113.5, session=<abcd>",
    DATE + "dovecot: pop3-login: Disconnected (no auth attempts in 0 secs): user=<%X>, rip=%A, lip=203.0.113.5, session=<abcd>",
    DATE + "dovecot: imap-login: Login: user=<%X>, method=PLAIN, rip=%A, lip=203.0.113.5, mpid=1, TLS, session=<abcd>",
    DATE + "dovecot: auth: passwd-file(%X,%A): unknown user",
    EXIM + "H=(%X) [%A] F=<%X> rejected RCPT <%X>: relay not permitted",
    EXIM + "H=h.example.net (%X) [%A]:4711 I=[203.0.113.5]:25 F=<a@b> rejected RCPT <c@d>: Unrouteable address",
    EXIM + "H=(x) [%A] F=<%X> rejected RCPT <%X>: Unknown user",
    EXIM + "H=(%X) [%A] F=<%X> temporarily rejected RCPT <%X>: %X",
    EXIM + "login authenticator failed for (%X) [%A]: 535 Incorrect authentication data (set_id=%X)",
    EXIM + "login authenticator failed for (x) [%A]: 535 Incorrect authentication data (set_id=%X)",
    EXIM + "H=(%X) [%A]:4711 F=<%X> rejected RCPT <%X>: \"JunkMail rejected - (%X) [%A]:4711 is in an RBL: https://b.example/%X\"",
    EXIM + "H=h.example.net (%X) [%A] F=<a@b> rejected RCPT <c@d>: rejected because %A is in a black list at b.example %X",
    EXIM + "SMTP protocol error in \"AUTH %X\" H=(%X) [%A] AUTH command used when not advertised",
    DATE + "exim[7]: login authenticator failed for (%X) [%A]: 535 Incorrect authentication data (set_id=%X)",
    DATE + "exim4[7]: 2026-11-10 03:01:11 H=(%X) [%A] F=<%X> rejected RCPT <%X>: No such user here",
    EXIM + "rejected EHLO from [%A]: syntactically invalid argument(s): %X",
    EXIM + "1ab2cd-000000-00 <= %X H=(%X) [%A] P=esmtp S=1 T=\"%X\"",
    RSPAMD + "id: <%X>, qid: <4ABC>, ip: %A, from: <%X>, (default: T (reject): [20.10/15.00] [BAYES_SPAM(5.10){%X;}]), len: 123",
    RSPAMD + "id: <a@b>, ip: %A, from: <a@b>, (default: T (add header): [8/15] [X(1){%X;}]), len: 123",
    RSPAMD + "id: <%X>, ip: %A, user: %X, from: <%X>, (default: T (reject): [8/15] [X(1){%X;}]), len: 123",
    RSPAMD + "id: <%X>, ip: %A, from: <%X>, (default: F (no action): [1/15] [X(1){%X;}]), len: 123",
    AMAVIS + "(123-01) Blocked SPAM {DiscardedInbound}, [%A]:1234 [1.2.3.4] <%X> -> <%X>, Message-ID: <%X>, Hits: 12.3",
    AMAVIS + "(123-01) Passed SPAMMY {RelayedTaggedInbound}, [%A] [%X] <%X> -> <%X>, Subject: \"%X\"",
    AMAVIS + "(123-01) Blocked BANNED (%X) {DiscardedInbound}, [%A]:1234 [1.2.3.4] <%X> -> <%X>",
    DATE + "proftpd[7]: ftp.example.org (h.example.net[%A]) - USER %X: no such user found from h.example.net [%A] to 203.0.113.5:21",
    DATE + "proftpd[7]: ftp.example.org (%A[%A]): USER %X (Login failed): Incorrect password.",
    DATE + "proftpd[7]: ftp.example.org (%A[%A]) - FTP session requested %X",
    "2026-11-10 03:01:11,124 host proftpd[7] host (%A[%A]): USER %X: no such user found from %A [%A] to 203.0.113.5:21",
    "Tue Nov 10 03:01:11 2026 [pid 7] [%X] FAIL LOGIN: Client \"%A\"",
    DATE + "vsftpd[7]: [%X] FAIL LOGIN: Client \"%A\"",
    "Tue Nov 10 03:01:11 2026 [pid 7] [%X] OK LOGIN: Client \"%A\", anon password \"%X\"",
    DATE + "pure-ftpd: (?@%A) [WARNING] Authentication failed for user [%X]",
    DATE + "pure-ftpd: (%X@%A) [NOTICE] %X downloaded",
    DATE + "named[7]: client @0x7f0011223344 %A#1234 (%X): query (cache) '%X/ANY/IN' denied",
    "10-Nov-2026 03:01:11.425 client @0x7f0011223344 %A#1234 (%X): query (cache) '%X/ANY/IN' denied",
    DATE + "named[7]: client %A#1234 (x): query (cache) '%X/ANY/IN' denied",
    DATE + "named[7]: lame server resolving '%X' (in '%X'?): %A#53",
    EXIM + "1VxHRO-000NiI-Ly SA: Action: permanently rejected message: score=31.0 required=5.0 (scanned in 6/6 secs | Message-Id: %X). From <%X> (host=h.example.net [%A]) for %X",
    EXIM + "1VxHRO-000NiI-Ly H=h.example.net (%X) [%A]:4711 F=<%X> rejected after DATA: This message scored 15.1 spam points.",
    EXIM + "1VxHRO-000NiI-Ly F=%X H=(%X) [%A] P=smtp rejected by local_scan(): Rejected: hits=7.5 required=5.0 trigger=5.0",
    DATE + "MailScanner[7]: Message 4ABC123.A1B2C from %A (%X) to %X is spam, SpamAssassin (not cached, score=15.3, required 5)",
    DATE + "mimedefang.pl[7]: MDLOG,qAA11,spam,15.3,%A,<%X>,<%X>,%X",
    DATE + "spamd[7]: spamd: result: Y 15 - BAYES_99 scantime=2.1,size=1,user=%X,required_score=5.0,rhost=%X,raddr=127.0.0.1,mid=<%X>,autolearn=spam",
    "%A - - " + WEB + '"GET /.env HTTP/1.1" 404 162 "%X" "%X" "%X"',
    "%A - - " + WEB + '"POST /vendor/phpunit/eval-stdin.php?%X HTTP/1.1" 404 162 "%X" "%X"',
    "%A - - " + WEB + '"%X" 400 162 "-" "-"',
    "%A - %X " + WEB + '"GET /.git/config HTTP/1.1" 401 162 "-" "%X"',
    "%A - %X " + WEB + '"POST /wp-login.php HTTP/1.1" 200 162 "-" "%X"',
    "%A %H - " + WEB + '"POST /wp-login.php HTTP/1.1" 200 162 "-" "%X"',
    "%H %A - - " + WEB + '"GET /.env?%X HTTP/1.1" 404 162 "-" "%X"',
    "www.example.org:443 %A - %X " + WEB + '"GET /boaform/ HTTP/1.1" 404 162 "-" "%X" "%X"',
    '%Q %A - - ' + WEB + '"GET /.env HTTP/1.1" 404 162 "%X" "%X"',
    '%Q %A - %Q ' + WEB + '"GET /boaform/ HTTP/1.1" 401 162 "%X" "%X"',
    '%A - a %Q b ' + WEB + '"GET /auth/ HTTP/1.1" 401 162 "%X" "%X"',
    'www.example.org:443 %A - %Q ' + WEB + '"POST /wp-login.php HTTP/1.1" 200 162 "-" "%X"',
    NGINX + '%Q %A - %Q ' + WEB + '"GET /.env HTTP/1.1" 401 162 "-" "%X"',
    NGINX + "%A - - " + WEB + '"GET /.env HTTP/1.1" 404 162 "%X" "%X" "%X"',
    NGINX + "%A - - " + WEB + '"%X" 400 162 "-" "-"',
    NGINX + "%A - %X " + WEB + '"GET /.git/config HTTP/1.1" 401 162 "-" "%X"',
    NGINX + "%H %A - - " + WEB + '"POST /wp-login.php HTTP/1.1" 200 162 "-" "%X"',
    TAGGED + "www.example.org:443 %A - %X " + WEB + '"GET /boaform/ HTTP/1.1" 404 162 "-" "%X" "%X"',
    TAGGED + "%A %H - " + WEB + '"POST /vendor/phpunit/eval-stdin.php?%X HTTP/1.1" 404 162 "%X" "%X"',
    TAGGED + "%A - %X " + WEB + '"GET / HTTP/1.1" 200 162 "-" "%X"',
    APACHE + "[auth_basic:error] [pid 7:tid 8] [client %A:4711] AH01618: user %X not found: /%X",
    APACHE + '[auth_basic:error] [pid 7] [client %A:4711] AH01617: user %X: authentication failure for "/%X": Password Mismatch, referer: %X',
    APACHE + "[auth_digest:error] [pid 7:tid 8] [client %A:4711] AH01790: user `%X' in realm `%X' not found: /%X",
    "[Tue Nov 10 03:01:11 2026] [error] [client %A] File does not exist: /var/www/%X, referer: %X",
    "[Tue Nov 10 03:01:11 2026] [error] [client %A] File does not exist: /var/www/%X/.env, referer: %X",
    "[Tue Nov 10 03:01:11 2026] [error] [client %A] user %X not found: /%X",
    APACHE + "[core:error] [pid 7:tid 8] [client %A:4711] AH00126: Invalid URI in request GET /.%2e/%X HTTP/1.1",
    APACHE + "[core:error] [pid 7:tid 8] [client %A:4711] AH00135: Invalid method in request \\x16%X",
    APACHE + "[cgi:error] [pid 7] [client %A:4711] AH01215: /bin/bash: warning: HTTP_X: ignoring function definition attempt %X",
    APACHE + "[cgi:error] [pid 7] [client %A:4711] AH01215: %X: /srv/cgi/%X",
    APACHE + "[php7:error] [pid 7] [client %A:4711] script '/var/www/%X/wp-login.php' not found or unable to stat, referer: %X",
    APACHE + '[:error] [pid 7] [client %A:4711] [client %A] ModSecurity: Access denied with code 403 (phase 2). Matched "%X" [id "949110"] [uri "/%X"]',
    APACHE + "[authz_core:error] [pid 7] [client %A:4711] AH01630: client denied by server configuration: /srv/%X/.htaccess",
    TAGGED + "[auth_basic:error] [pid 7:tid 8] [client %A:4711] AH01618: user %X not found: /%X",
    TAGGED + "[core:error] [pid 7:tid 8] [client %A:4711] AH00128: File does not exist: /srv/%X/.env",
    "2026-11-10 03:01:11: (mod_auth.c.850) password doesn't match for /%H username: %X IP: %A",
    "2026-11-10 03:01:11: (mod_auth.c.1534) digest: auth failed for %X: wrong password, IP: %A",
    DATE + "lighttpd[7]: (mod_auth.c.850) password doesn't match for /%X username: %X IP: %A",
    NERR + 'user "%X": password mismatch' + NTAIL,
    NERR + 'user "%X" was not found in "/srv/htpasswd"' + NREF,
    NERR + 'user "bob": password mismatch' + NREF,
    NERR + 'open() "/srv/%X/.env" failed (2: No such file or directory)' + NREF,
    NERR + 'open() "/srv/.env" failed (2: No such file or directory)' + NREF.replace("%H", "%X"),
    NERR + '"/srv/%X/index.html" is not found (2: No such file or directory)' + NREF,
    NERR + "access forbidden by rule" + NREF.replace("%H", ".git/%H"),
    NERR + 'limiting requests, excess: 1.852 by zone "one"' + NREF,
    NERR + 'FastCGI sent in stderr: "PHP message: %X" while reading response header from upstream' + NREF,
    NERR + '[client %A] ModSecurity: Access denied with code 403 (phase 2). Matched "%X" [id "949110"] [uri "/%X"]' + NREF,
    NGINX + NERR + 'user "%X": password mismatch' + NREF,
    NGINX + NERR + 'open() "/srv/%X/.env" failed (2: No such file or directory)' + NTAIL,
    DATE + "dropbear[7]: Bad password attempt for '%X' from %A:4711",
    DATE + "dropbear[7]: Login attempt for nonexistent user '%X' from %A:4711",
    DATE + "webmin[7]: Non-existent login as %X from %A",
    DATE + "pvedaemon[7]: authentication failure; rhost=%A user=%X@pam msg=no such user ('%X@pam')",
    "2026-11-10T03:01:11+00:00: authentication failure; rhost=[::ffff:%A]:47414 user=%X@pbs msg=no such user",
    DATE + "php-fpm[7]: /index.php: webConfigurator authentication error for user '%X' from: %A",
    DATE + "phpMyAdmin[7]: user denied: %X (mysql-denied) from %A",
    DATE + "roundcube: IMAP Error: Login failed for %X from %A. AUTHENTICATE PLAIN: A2 NO %X failed. in /srv/rcube_imap.php on line 2 (POST /?_task=%H)",
    DATE + "roundcube[7]: <crk9n97i> IMAP Error: Login failed for %H from %A. AUTHENTICATE PLAIN: A2 NO %H failed. in /srv/x.php on line 2 (POST /?%H)",
    DATE + "roundcube: IMAP Error: Login failed for %X from %A(X-Real-IP: %X,X-Forwarded-For: %X). AUTHENTICATE PLAIN: failed. in /srv/x.php on line 2 (POST /)",
    "[10-Nov-2026 03:01:11 +0000]: <4z506z6r> Failed login for %X from %A in session 4z506z6rvddstv6k7jz08hxo27 (error: 0)",
    "[10-Nov-2026 03:01:11 +0000]: <4z506z6r> Failed login for x from %A(X-Forwarded-For: %X) in session 4z506z6rvddstv6k7jz08hxo27 (error: 0)",
    DATE + "drupal: https://example.org|1430068525|user|%A|https://example.org/?%X|https://example.org/%X|0||Login attempt failed for %X.",
    DATE + "example.org: https://example.org|1430068525|user|%A|https://example.org/?%X|%X|0||%X",
    "2026/11/10 03:01:11 ...ers/web/auth/auth.go:200:SignInPost() [I] Failed authentication attempt for %X from %A:39522: user does not exist [uid: 0, name: %X, keyid: 0]",
    DATE + "gitea[7]: 2026/11/10 03:01:11 ...ers/web/auth/auth.go:200:SignInPost() [I] Failed authentication attempt for %H from %A:39522: user does not exist [uid: 0, name: %H, keyid: 0]",
    DATE + "imapd: LOGIN FAILED, user=%X, ip=[::ffff:%A]",
    DATE + "pop3d-ssl[7]: LOGIN FAILED, user=%X, ip=[::ffff:%A], port=[255]",
    DATE + 'courieresmtpd[7]: error,relay=::ffff:%A,port=43632,msg="535 Authentication failed.",cmd: AUTH LOGIN %X',
    DATE + "courieresmtpd[7]: error,relay=::ffff:%A,from=<%X>,to=<%X>: 550 User unknown.",
    DATE + "cyrus/imap[7]: badlogin: h.example.net [%A] plaintext %X SASL(-13): authentication failure: checkpass failed",
    DATE + "cyrus/imaps[7]: badlogin: %H [%A] PLAIN [SASL(-13): user not found: user: %X property: cmusaslsecretPLAIN not found in sasldb]",
    DATE + "timsieved[7]: badlogin: %H[%A] PLAIN authentication failure",
    DATE + "sendmail[7]: 06I02CNi016764: AUTH failure (LOGIN): authentication failure (-13) SASL(-13): authentication failure: checkpass failed, user=%X, relay=h.example.net [%A] (may be forged)",
    DATE + "sm-mta[7]: s1GNXHYB005133: %H [%A]: possible SMTP attack: command=AUTH, count=5",
    DATE + "sendmail[7]: 06I02CNi016764: ruleset=check_rcpt, arg1=<%X>, relay=%H [%A], reject=550 5.7.1 <%X>... Relaying denied",
    PHONE + "chan_sip.c: Registration from '\"%X\"<sip:%X>' failed for '%A:5060' - Wrong password",
    PHONE + "chan_sip.c: Call from '%X' (%A:10836) to extension '%X' rejected because extension not found in context 'default'.",
    PHONE + "res_pjsip/pjsip_distributor.c: Request 'INVITE' from '\"%X\" <sip:%X>' failed for '%A:48336' (callid: %X) - No matching endpoint found",
    PHONE + "chan_iax2.c: No registration for peer '%X' (from %A)",
    PHONE + "chan_iax2.c: Host %A failed to authenticate as '%X'",
    SECURITY + 'AccountID="%X",SessionID="%X",LocalAddress="IPV4/UDP/203.0.113.5/5060",RemoteAddress="IPV4/UDP/%A/5066",Challenge="1/2",Response="%X",ExpectedResponse=""',
    SECURITY + 'AccountID="100",SessionID="%X",LocalAddress="IPV4/UDP/203.0.113.5/5060",RemoteAddress="IPV4/UDP/%A/5066"',
    SECURITY + 'AccountID="%X",SessionID="1",LocalAddress="IPV4/UDP/203.0.113.5/5060",RemoteAddress="IPV4/UDP/%A/5066",Challenge="1"',
    DATE + "asterisk[7]: NOTICE[32257]: chan_sip.c:23417 in handle_request_register: Registration from '<sip:%X>' failed for '%A:36998' - Wrong password",
    DATE + "freeswitch[7]: 2026-11-10 03:01:11.150982 [WARNING] sofia_reg.c:2889 Can't find user [%X] from %A",
    "2026-11-10 03:01:11.767815 [WARNING] sofia_reg.c:1478 SIP auth failure (INVITE) on sofia profile 'internal' for [%X] from ip %A",
    "2026-11-10 03:01:11.767815 96.03% [WARNING] sofia_reg.c:3223 Can't find user [%X] from %A",
    "2026-11-10  3:01:11 8 [Warning] Access denied for user '%X'@'%A' (using password: YES)",
    "2026-11-10T03:01:11.861934Z 344 [Note] [MY-010926] [Server] Access denied for user '%X'@'%A' (using password: NO)",
    DATE + "mysqld[7]: 2026-11-10 03:01:11 8756 [Warning] Access denied for user '%X'@'%A' to database '%X'",
    DATE + "mysqld[7]: 2026-11-10 03:01:11 8756 [Warning] Access denied for user '%X'@'%A' (using password: YES)",
    DATE + "app[7]: login of %X failed",
    DATE + "app[7]: %X",
]


def fill(template, address, words):
    host = "".join(c for c in words if c.isalnum() or c in ".-_:[]<>#=@")
    return template.replace("%A", address).replace("%X", words).replace("%H", host).replace("%Q", words.replace('"', "\\x22"))


def payloads():
    for template in TEMPLATES:
        line = fill(template, VICTIM, "u")
        date = [d for d in (DATE, EXIM, APACHE) if line.startswith(d)]
        message = line[len(date[0]) if date else 0:]                   # "sshd[7]: Failed …"
        text = message.split(": ", 1)[-1]                              # "Failed …"
        tail = text[text.find(VICTIM) - 8:] if VICTIM in text else text
        for p in (line, message, text, tail, "u " + tail, text + "#012" + line, "x]: " + text, "x>: " + text,
                  "x'" + tail, tail + " [preauth]", "[" + VICTIM + "]: " + text, "<38>" + line, "\\n" + line):
            yield p
    for p in ("\uff11.\uff12.\uff13.\uff14", "\u0661.2.3.4", f"\x1b[2K{VICTIM}", f"\rx {VICTIM}", f"\x0b{VICTIM}\x0c",
              f"\u2028{VICTIM}", f"\u00a0{VICTIM}\u00a0", f"\u202e{VICTIM}", f"\x85 from {VICTIM} port 22",
              f"::ffff:{VICTIM}, client: {VICTIM}, server: x", f"::FFFF:{VICTIM}]", "::ffff:102:304", "0:0:0:0:0:ffff:102:304",
              f"x, client: {VICTIM}, server: x, request: \"GET /.env HTTP/1.1\", host: \"x\"", f"\" {VICTIM} - - [] \"GET /.env"):
        yield p


def short():
    for p in (f"{VICTIM} - x", f"{VICTIM} -", f"{VICTIM} - x y", f"www.example.org {VICTIM} - x", f"www.example.org:80 {VICTIM} x", f"{VICTIM} - x [10/Nov/2026:03:01:11 +0000]"):
        yield p
    for p in (f'x",SessionID="1",LocalAddress="IPV4/UDP/203.0.113.5/5060",RemoteAddress="IPV4/UDP/{VICTIM}/5060",Challenge="', f"x' failed for '{VICTIM}:5' (callid: 1",
              f"' ({VICTIM}:5) to extension '1' rejected because extension not found in context 'x", f"1) - No matching endpoint found' failed for '{VICTIM}",
              f"x'@'{VICTIM}' (using password: YES)", f"x, ip=[{VICTIM}], port=[25]", f"x, relay=h [{VICTIM}] (may be forged)", f"x from {VICTIM} in session a (error: 0)",
              f"x from {VICTIM}(y", f"x from {VICTIM}. y", f"x|0|user|{VICTIM}|y", f"x from {VICTIM}:1: user does not exist [uid: 0, name: x, keyid: 0]"):
        yield p
    for p in (VICTIM, f"[{VICTIM}]", f"from {VICTIM}", f" {VICTIM} ", f"rhost={VICTIM}", f"::ffff:{VICTIM}", ""):
        yield p


# A log whose lines begin with the client's words holds any line that he likes, so those are asked about the rest.
everything, begins = sorted(set(payloads()) | set(short())), sorted(set(short()))
for template in TEMPLATES:
    for words in begins if "%Q %A" in template else everything:
        print(fill(template, CLIENT, words))
    # names so long that a log daemon cuts the line right behind what they pretend; what it cuts has the
    # priority, and no host yet
    for words in (f" from {VICTIM} port 22 ssh2", f" from {VICTIM}", f" from {VICTIM} port 22", f"[{VICTIM}]: SASL LOGIN authentication failed:"):
        for cut in (256, 480, 1024, 2048, 8192):
            cut += len("host ") - len("<38>")
            at = template.find("%X")
            if at < 0:
                continue
            head = fill(template[:at], CLIENT, "")
            print((head + "x" * (cut - len(head) - len(words)) + words)[:cut])
