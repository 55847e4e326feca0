# shellcheck shell=bash
# Sourced by tests that expect what is judged as of today: the day must not change under them.
#   same_day SECONDS   waits until today (UTC) is a minute old and has SECONDS left; sets today to its begin
same_day() {
  local age=$(($(date +%s) % 86400))
  if [ $((86400 - age)) -lt "$1" ]; then
    sleep $((86400 - age + 60))
  elif [ "$age" -lt 60 ]; then
    sleep $((60 - age))
  fi
  # shellcheck disable=SC2034
  today=$(($(date +%s) / 86400 * 86400))
}
