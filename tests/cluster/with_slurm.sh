#!/usr/bin/env bash
# Start a Slurm on this machine, run a command with it, stop it: with_slurm.sh COMMAND ...
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "skipped: a Slurm of Debian's packages can be started here by root only, on Debian"
  exit 0
fi
SLURM_HOME=$(mktemp -d)
export SLURM_HOME
chmod 755 "$SLURM_HOME"
if ! tests/cluster/slurm.sh install >"$SLURM_HOME/install.log" 2>&1; then
  echo "skipped: Slurm's packages could not be installed: $(tail -n 1 "$SLURM_HOME/install.log")"
  rm -r "$SLURM_HOME"
  exit 0
fi
if ! tests/cluster/slurm.sh free; then
  echo "skipped: this machine has a Slurm of its own"
  rm -r "$SLURM_HOME"
  exit 0
fi
trap 'tests/cluster/slurm.sh down' EXIT
tests/cluster/slurm.sh up
SLURM_CONF=$SLURM_HOME/slurm.conf "$@"
