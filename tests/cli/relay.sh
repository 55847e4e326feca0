#!/bin/bash
# onus relay: what it says of a mail, of maildirs and mailboxes, as rows, JSON and events; and that nobody can have
# another one blamed: some two hundred mails of 8.8.8.8 that want 1.2.3.4 to be punished.
set -euo pipefail
onus=$ONUS_BUILD/src/prog/onus/onus
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "not ok: $*" >&2; exit 1; }
is() { [ "$2" = "$3" ] || fail "$1: \"$2\", not \"$3\""; }
relay() { "$onus" relay -o own_networks=193.0.0.0/24 "$@"; }

printf '%s\n' 'Received: from mx (mx [193.0.0.7]) by imap (Postfix) with ESMTP id 1; Fri, 27 Nov 2026 01:02:05 +0100' \
  'Received: from h (r [8.8.8.8])' '	by mx (Postfix) with ESMTP id 2; Fri, 27 Nov 2026 01:02:03 +0100' \
  'Received: from x (y [1.2.3.4]) by z with SMTP id 3; Fri, 27 Nov 2026 01:02:03 +0100' 'Subject: s' '' 'text' >"$dir/mail"
is row "$(relay "$dir/mail")" "8.8.8.8	$dir/mail	line 2: from h (r [8.8.8.8]) by mx (Postfix) with ESMTP id 2; Fri, 27 Nov 2026 01:02:03 +0100"
is stdin "$(relay - <"$dir/mail" | cut -f1,2)" '8.8.8.8	-'
is packed "$(gzip <"$dir/mail" | relay - | cut -f1)" 8.8.8.8
is untrusted "$("$onus" relay "$dir/mail" | cut -f1)" 193.0.0.7
is trusted "$(relay --trusted 8.0.0.0/8 --trusted '1.0.0.0/8, 2.0.0.0/8' --json "$dir/mail" | jq -r '.state, .line')" 'inside
3'
is json "$(relay --json "$dir/mail" | jq -c '[.relay, .state, .line, .assumed, .time]')" '["8.8.8.8","found",2,false,"2026-11-27T00:02:03Z"]'
is event "$(relay --event spam --source trap "$dir/mail" | tail -1 | cut -f1-7)" '1795737723	8.8.8.8	spam	1	full	trap	smtp'
relay --event spam "$dir/mail" | "$onus" extract - >"$dir/again" || fail 'the events are no event lines'
is again "$(tail -1 "$dir/again" | cut -f2)" 8.8.8.8
sed 's/193.0.0.7/10.0.0.7/' "$dir/mail" >"$dir/private"
is 'behind a private address' "$(relay --event spam "$dir/private" | tail -1 | cut -f5)" weak
is 'one that is named' "$(relay --trusted 10.0.0.0/8 --event spam "$dir/private" | tail -1 | cut -f5)" full

mkdir -p "$dir/maildir/new" "$dir/maildir/cur" "$dir/maildir/tmp" "$dir/plain/sub"
cp "$dir/mail" "$dir/maildir/new/1"; cp "$dir/mail" "$dir/maildir/cur/2:2,S"; cp "$dir/mail" "$dir/maildir/tmp/3"
is maildir "$(relay "$dir/maildir" | cut -f2 | tr '\n' ' ')" "$dir/maildir/new/1 $dir/maildir/cur/2:2,S "
cp "$dir/mail" "$dir/plain/a"; cp "$dir/mail" "$dir/plain/.b"; cp "$dir/mail" "$dir/plain/sub/c"
is directory "$(relay "$dir/plain" | cut -f2)" "$dir/plain/a"
{ echo 'From a@b Fri Nov 27 01:02:03 2026'; cat "$dir/mail"; echo; echo 'From c@d Fri Nov 27 01:02:04 2026'; cat "$dir/private"; } >"$dir/mbox"
is mailbox "$(relay --mbox --json "$dir/mbox" | jq -c '[.message, .relay, .assumed]' | tr '\n' ' ')" '[1,"8.8.8.8",false] [2,"8.8.8.8",true] '
is 'a mailbox as one message' "$(relay "$dir/mbox" | wc -l)" 1
printf 'From a@b\nReceived: from h (r [8.8.8.8]) by mx (Postfix) with SMTP id 1\n\ntext\n\nFrom x\nReceived: from y (z [1.2.3.4]) by mx (Postfix) with SMTP id 1\n' >"$dir/sly"
is 'a body like a mailbox' "$(relay "$dir/sly" | cut -f1)" 8.8.8.8
code=0; relay --mbox "$dir/mail" >"$dir/out" 2>&1 || code=$?
is 'no mailbox' "$code $(grep -c 'without --mbox' "$dir/out")" '2 1'
code=0; relay "$dir/absent" "$dir/mail" >"$dir/out" 2>"$dir/err" || code=$?
is 'one that is not there' "$code $(wc -l <"$dir/out")" '2 1'
code=0; relay --event nonsense "$dir/mail" >"$dir/out" 2>&1 || code=$?
is 'no category' "$code" 3
printf 'Received: from h\033[2J (r [8.8.8.8]) by mx\n\n' >"$dir/esc"
relay "$dir/esc" | grep -q $'\033' && fail 'an escape reaches the terminal'

mkdir "$dir/hostile"
python3 "$ONUS_SOURCE/tests/cli/hostile_mails.py" "$dir/hostile"
n=$(find "$dir/hostile" -name '*.eml' | wc -l)
[ "$n" -gt 200 ] || fail "only $n hostile mails"
relay --json "$dir/hostile" | jq -r '[(.file | split("/")[-1]), .relay // "nobody"] | @tsv' >"$dir/who"
is 'all of them are read' "$(wc -l <"$dir/who")" "$n"
grep -v -e '	8\.8\.8\.8$' -e '	nobody$' "$dir/who" && fail 'somebody is framed'
grep '^found-' "$dir/who" | grep 'nobody$' && fail 'a client that can be seen is not found'
grep '^nobody-' "$dir/who" | grep '8\.8\.8\.8$' && fail 'somebody is found who cannot be told'
grep -c '^any-.*8\.8\.8\.8$' "$dir/who" >"$dir/n" || fail 'no mailer is read at all'
echo "ok: $n hostile mails, the client is found in $(grep -c '8\.8\.8\.8$' "$dir/who"), nobody else in any"
