#!/usr/bin/env bash
# Measures a `stakepool-web` process on a simulated pool with wrk: one thread, 64 connections, as in the README.
# Measure on a machine that does nothing else: wrk, the server and the simulated network share its cores.
#
#   [DATABASES="sqlite mariadb"] benches/http.sh [SECONDS]
#
# DATABASES says on which it is measured, one after the other: sqlite, mariadb (a server of its own, which ends with the script).
# Ends with 1 where an answer was not 200, the process used more than 40 MB, or a rate on a server is under 80 %
# of the one on SQLite measured just before; other figures are only shown.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-10}
port=${PORT:-18080}
databases=${DATABASES:-sqlite}
command -v wrk >/dev/null || { echo "wrk is needed: apt-get install wrk"; exit 2; }
target=${CARGO_TARGET_DIR:-target}/release
cargo build --release --locked -p stakepool-web -p stakepool-examples --bins --example measured

folder=$(mktemp -d)
chmod 755 "$folder"
measured='' web='' server=''
finish() {
  if [ -n "$web" ]; then kill "$web" 2>/dev/null && wait "$web" 2>/dev/null || true; web=''; fi
  if [ -n "$measured" ]; then exec 9>&-; wait "$measured" 2>/dev/null || true; measured=''; fi
  if [ -n "$server" ]; then kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; server=''; fi
}
trap 'finish; rm -rf "$folder"' EXIT

# Waits until a command succeeds, as long as the process runs: process, its log, the command.
until_it_does() {
  local process=$1 log=$2
  shift 2
  for _ in $(seq 600); do
    "$@" >/dev/null 2>&1 && return
    kill -0 "$process" 2>/dev/null || { cat "$log"; exit 1; }
    sleep 0.1
  done
  echo "it does not start"; cat "$log"; exit 1
}

start_server() {
  local place=$folder/server user=()
  [ "$(id -u)" != 0 ] || user=(--user=mysql)
  mkdir "$place"
  [ "$(id -u)" != 0 ] || chown mysql "$place"
  mariadb-install-db --no-defaults --auth-root-authentication-method=normal --skip-test-db --datadir="$place/data" \
    "${user[@]}" >"$folder/server.log" 2>&1 || { cat "$folder/server.log"; exit 1; }
  mariadbd --no-defaults --skip-networking --datadir="$place/data" --socket="$place/socket" --pid-file="$place/pid" \
    "${user[@]}" >"$folder/server.log" 2>&1 9>&- &
  server=$!
  until_it_does "$server" "$folder/server.log" \
    mariadb --no-defaults -uroot --socket="$place/socket" -e "CREATE DATABASE IF NOT EXISTS stakepool"
}

failed=0
# Path, least requests a second, most milliseconds of the slowest in a hundred.
measure() {
  local path=$1 least=$2 most=$3
  shift 3
  wrk -t1 -c64 -d"${seconds}s" --latency "$@" "http://127.0.0.1:$port$path" >"$folder/wrk.log"
  local rate slowest before
  rate=$(awk '/Requests\/sec/ { printf "%d", $2 }' "$folder/wrk.log")
  slowest=$(awk '/ 99%/ { print $2 }' "$folder/wrk.log")
  printf '%-26.44s %8s/s (wanted %6s)   p99 %9s (wanted %s ms)\n' "$path" "$rate" "$least" "$slowest" "$most"
  if grep -E 'Non-2xx|Socket errors' "$folder/wrk.log"; then failed=1; fi
  if [ "$database" = sqlite ]; then
    echo "$path $rate" >>"$folder/rates"
    return
  fi
  before=$(awk -v path="$path" '$1 == path { print $2 }' "$folder/rates" 2>/dev/null || true)
  if [ -n "$before" ] && [ $((rate * 100)) -lt $((before * 80)) ]; then
    echo "  which is under 80 % of $before/s on SQLite"
    failed=1
  fi
}

run() {
  local place=$folder/$database arguments=() most=39062
  mkdir "$place"
  if [ "$database" = mariadb ]; then
    start_server
    arguments=("$folder/server/socket")
  fi
  mkfifo "$place/stop"
  "$target/examples/measured" "$place/pool" "127.0.0.1:$port" "${arguments[@]}" <"$place/stop" >"$place/measured.log" 2>&1 &
  measured=$!
  exec 9>"$place/stop"
  until_it_does "$measured" "$place/measured.log" grep -q ready "$place/measured.log"
  "$target/stakepool-web" -C "$place/pool/exccstakepool.conf" --debuglevel=error 2>"$place/web.log" 9>&- &
  web=$!
  until_it_does "$web" "$place/web.log" curl -fs "http://127.0.0.1:$port/api/v2/stats"

  echo "on $database:"
  local key
  key=$(cat "$place/pool/apikey")
  measure / 46000 16
  measure /signin 46000 16
  measure /stats 40000 52
  measure /api/v2/stats 40000 28
  measure /api/v2/getpurchaseinfo 18000 27 -H "Authorization: Bearer $key"
  measure /api/v3/vspinfo 40000 20
  measure /api/v3/ticketstatus 4000 20 -s "$place/pool/ticketstatus.lua"

  # The pages of a user with ten thousand tickets who has signed in.
  local session csrf ticket
  session=$(cat "$place/pool/cookie")
  csrf=$(curl -fs -o /dev/null -c - -b "$session" "http://127.0.0.1:$port/tickets" | awk '$6 == "csrf" { print $7 }')
  session="Cookie: $session; csrf=$csrf"
  ticket=$(cat "$place/pool/ticket")
  curl -fs -H "$session" "http://127.0.0.1:$port/tickets/list" | grep -q 'page 1 of' || { echo "the lists are not there"; failed=1; }
  measure /tickets 3000 40 -H "$session"
  measure '/tickets/list?show=voted&age=all&page=100' 3000 40 -H "$session"
  measure "/ticket?hash=$ticket" 5000 40 -H "$session"

  local rss peak
  rss=$(awk '/VmRSS/ { print $2 }' "/proc/$web/status")
  peak=$(awk '/VmHWM/ { print $2 }' "/proc/$web/status")
  echo "resident memory: $((rss / 1024)) MiB, at most $((peak / 1024)) MiB (wanted: $((most * 1024 / 1000000)) MB)"
  [ "$rss" -le "$most" ] || failed=1
  finish
}

for database in $databases; do run; done
exit "$failed"
