# SPDX-License-Identifier: GPL-3.0-or-later
"""What the mail servers of tests have in common: a mail is handed in, and looked for where it was delivered."""
import email
import glob
import ssl


class MailServer:
    """dir_: where tls.crt and tls.key are, if there are any; mailboxes: pattern of the files that are mails."""

    def __init__(self, dir_, mailboxes, expect):
        self.dir, self.mailboxes, self.expect, self.sent = dir_, mailboxes, expect, 0

    def start_tls(self, smtp):
        """With a certificate of the client's, the same as the server's."""
        tls = ssl.create_default_context(cafile=self.dir + "/tls.crt")
        tls.check_hostname = False
        tls.load_cert_chain(self.dir + "/tls.crt", self.dir + "/tls.key")
        smtp.starttls(context=tls)
        smtp.ehlo()

    def hand_in(self, smtp, to, head):
        """Returns what each recipient is answered, and the mail as it was delivered, None where none of them was accepted."""
        self.sent += 1
        number = str(self.sent)
        code, words = smtp.mail("a@example.org")
        self.expect.check(code == 250, "MAIL", code, words)
        answers = [smtp.rcpt(r) for r in to]
        mail = None
        if any(code == 250 for code, _ in answers):
            code, words = smtp.data("%sX-Number: %s\r\nSubject: x\r\n\r\nhello\r\n" % (head, number))
            self.expect.check(code == 250, "DATA", code, words)
            mail = self.expect.until(lambda: self.delivered("X-Number", number), "mail %s is delivered" % number)
        smtp.quit()
        return [(code, words.decode()) for code, words in answers], mail

    def delivered(self, header, value):
        for path in glob.glob(self.mailboxes):
            with open(path, errors="replace") as f:
                mail = email.message_from_file(f)
            if mail[header] == value:
                return mail
        return None
