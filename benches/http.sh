#!/usr/bin/env bash
# Measures a `stakepool-web` process on a simulated pool with wrk: one thread, 64 connections, as in the README.
# Measure on a machine that does nothing else: wrk, the server and the simulated network share its cores.
#
#   benches/http.sh [SECONDS]
#
# Ends with 1 where an answer was not 200 or the process used more than 30 MB; figures are only shown.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-10}
port=${PORT:-18080}
command -v wrk >/dev/null || { echo "wrk is needed: apt-get install wrk"; exit 2; }
target=${CARGO_TARGET_DIR:-target}/release
cargo build --release --locked -p stakepool-web -p stakepool-examples --bins --example measured

folder=$(mktemp -d)
mkfifo "$folder/stop"
"$target/examples/measured" "$folder/pool" "127.0.0.1:$port" <"$folder/stop" >"$folder/measured.log" 2>&1 &
measured=$!
exec 9>"$folder/stop"
web=
finish() {
  [ -z "$web" ] || kill "$web" 2>/dev/null || true
  exec 9>&-
  wait "$measured" 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT

for _ in $(seq 600); do
  grep -q ready "$folder/measured.log" && break
  kill -0 "$measured" 2>/dev/null || { cat "$folder/measured.log"; exit 1; }
  sleep 0.1
done
"$target/stakepool-web" -C "$folder/pool/exccstakepool.conf" --debuglevel=error 2>"$folder/web.log" 9>&- &
web=$!
for _ in $(seq 300); do
  curl -fs "http://127.0.0.1:$port/api/v2/stats" | grep -q success && break
  kill -0 "$web" 2>/dev/null || { cat "$folder/web.log"; exit 1; }
  sleep 0.1
done

failed=0
key=$(cat "$folder/pool/apikey")
# Path, least requests a second, most milliseconds of the slowest in a hundred.
measure() {
  local path=$1 least=$2 most=$3
  shift 3
  wrk -t1 -c64 -d"${seconds}s" --latency "$@" "http://127.0.0.1:$port$path" >"$folder/wrk.log"
  local rate slowest
  rate=$(awk '/Requests\/sec/ { printf "%d", $2 }' "$folder/wrk.log")
  slowest=$(awk '/ 99%/ { print $2 }' "$folder/wrk.log")
  printf '%-26s %8s/s (wanted %6s)   p99 %9s (wanted %s ms)\n' "$path" "$rate" "$least" "$slowest" "$most"
  if grep -E 'Non-2xx|Socket errors' "$folder/wrk.log"; then failed=1; fi
}
measure / 46000 16
measure /signin 46000 16
measure /stats 40000 52
measure /api/v2/stats 40000 28
measure /api/v2/getpurchaseinfo 18000 27 -H "Authorization: Bearer $key"

rss=$(awk '/VmRSS/ { print $2 }' "/proc/$web/status")
peak=$(awk '/VmHWM/ { print $2 }' "/proc/$web/status")
echo "resident memory: $((rss / 1024)) MiB, at most $((peak / 1024)) MiB (wanted: 30 MB)"
[ "$rss" -le 29296 ] || failed=1
exit "$failed"
