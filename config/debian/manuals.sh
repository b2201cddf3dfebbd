#!/bin/sh
# Writes the manual pages and the completions of all programs into target/manuals, where the packages take them from:
#   sh config/debian/manuals.sh [STAKEPOOLCTL]
set -e
stakepoolctl=${1:-target/release/stakepoolctl}
cd "$(dirname "$0")/../.."
rm -rf target/manuals
mkdir -p target/manuals
"$stakepoolctl" man target/manuals >/dev/null
for program in stakepoold stakepool-web stakepoolctl; do
  for shell in bash zsh fish; do
    "$stakepoolctl" completion "$shell" --program "$program" >"target/manuals/$program.$shell"
  done
done
