#!/usr/bin/env bash
# Sees to it that the browser tests find a Chromium: the system's, else Debian's package when root,
# else Playwright's own download. Usage: find_or_install_chromium.sh PYTHON
set -euo pipefail
python="$1"

for name in chromium chromium-browser google-chrome; do
    if command -v "$name"; then exit 0; fi
done

if [ "$(id -u)" -eq 0 ] && command -v apt-get > /dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    echo "Installing Debian's chromium"
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium > /dev/null; then
        exit 0
    fi
fi

"$python" -m playwright install chromium
