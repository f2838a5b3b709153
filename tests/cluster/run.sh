#!/usr/bin/env bash
# Start a Slurm on this machine, run the tests of this folder on it, stop it.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "skipped: a Slurm of Debian's packages can be started here by root only, on Debian"
  exit 0
fi
if ! tests/cluster/slurm.sh install; then
  echo "skipped: Slurm's packages could not be installed"
  exit 0
fi
SLURM_HOME=$(mktemp -d)
export SLURM_HOME
chmod 755 "$SLURM_HOME"
trap 'tests/cluster/slurm.sh down' EXIT
tests/cluster/slurm.sh up
SLURM_CONF=$SLURM_HOME/slurm.conf .venv/bin/python -m pytest --durations=0 -rs tests/cluster "$@"
