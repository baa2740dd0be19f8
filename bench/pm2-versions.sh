#!/bin/sh
# Which PM2 daemons can healer talk to? Installs older PM2 versions into a temporary folder (AGPL code stays out of the
# project), runs the contract suite and the real-daemon tests against each, and prints one line per version.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
versions=${*:-"5.4.3 6.0.14"}

aliases=""
for version in $versions; do aliases="$aliases pm2-$version@npm:pm2@$version"; done
# shellcheck disable=SC2086 # one word per alias is meant
npm install --prefix "$folder" --no-audit --no-fund --loglevel=error $aliases

failed=0
for version in 7-installed $versions; do
  package="$folder/node_modules/pm2-$version"
  [ -d "$package" ] || package="$PWD/node_modules/pm2"
  log="$folder/$version.log"
  if HEALER_TEST_PM2="$package" NO_COLOR=1 npx vitest run test/world/pm2/pm2-real.test.ts test/world/pm2/pm2-daemon.test.ts >"$log" 2>&1; then
    verdict=ok
  else
    verdict=FAILED
    failed=1
    grep -E '×|^AssertionError|^Error' "$log" || true
  fi
  echo "pm2 $(node -p "require('$package/package.json').version"): $verdict, $(grep '^healer:' "$log" | tail -1 | sed 's/^healer: //'), $(grep -o 'tests [0-9.]*m\?s' "$log" | tail -1)"
done
exit $failed
