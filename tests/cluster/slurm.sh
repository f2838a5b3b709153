#!/usr/bin/env bash
# A Slurm of three nodes on this machine alone, for tests: slurm.sh install | free | up | down
#
# Needs root and Debian's packages; no systemd. Listens on loopback only. All its files are in
# $SLURM_HOME (but munge's socket, and what Debian's packages bring), `down` stops nothing that `up`
# has not started, and `free` fails where there is a Slurm already.
set -eEuo pipefail
HOME_=${SLURM_HOME:?a folder that all users may enter}
HOST=$(hostname -s)
SITE=/etc/slurm/slurm.conf # where what a job starts looks, too: the executor keeps SLURM_CONF from it
export SLURM_CONF=$HOME_/slurm.conf MYSQL_UNIX_PORT=$HOME_/run/mariadb.sock

install_() {
  command -v slurmctld slurmd slurmdbd munged mariadbd >/dev/null && return
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    slurm-wlm munge slurmdbd mariadb-server >/dev/null
}

configure() {
  mkdir -p "$HOME_"/{state,spool,log,run,database}
  chown slurm: "$HOME_"/{state,log,run}
  chown mysql: "$HOME_/database"
  cat >"$SLURM_CONF" <<EOF
ClusterName=test
SlurmctldHost=$HOST(127.0.0.1)
SlurmUser=slurm
SlurmdUser=root
AuthType=auth/munge
CommunicationParameters=NoInAddrAny
StateSaveLocation=$HOME_/state
SlurmdSpoolDir=$HOME_/spool/%n
SlurmctldPidFile=$HOME_/run/slurmctld.pid
SlurmdPidFile=$HOME_/run/slurmd-%n.pid
SlurmctldLogFile=$HOME_/log/slurmctld.log
SlurmdLogFile=$HOME_/log/slurmd-%n.log
# the machine has fewer cores than its nodes say
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=5
JobAcctGatherType=jobacct_gather/linux
# finished jobs are known to squeue for a day; commands wait for an absent controller
MinJobAge=86400
MessageTimeout=60
SlurmctldTimeout=60
SlurmdTimeout=20
KillWait=5
# two GPUs a node, for those who count: nothing is behind them
GresTypes=gpu
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
NodeName=node[1-2] NodeHostname=$HOST NodeAddr=127.0.0.1 Port=[17001-17002] CPUs=8 RealMemory=64000 Gres=gpu:a100:2 Weight=2 State=UNKNOWN
NodeName=node3 NodeHostname=$HOST NodeAddr=127.0.0.1 Port=17003 CPUs=8 RealMemory=64000 Weight=1 State=UNKNOWN
# its jobs start on node3, as long as that lives
PartitionName=frail Nodes=node[1,3] MaxTime=1-00:00:00 DefMemPerCPU=200 State=UP
PartitionName=gpu Nodes=node[1-2] MaxTime=1-00:00:00 DefMemPerCPU=200 State=UP
PartitionName=main Nodes=node[1-2] Default=YES MaxTime=1-00:00:00 DefMemPerCPU=200 State=UP
EOF
  cat >"$HOME_/gres.conf" <<EOF
NodeName=node[1-2] Name=gpu Type=a100 File=/dev/null
NodeName=node[1-2] Name=gpu Type=a100 File=/dev/zero
EOF
  cat >"$HOME_/slurmdbd.conf" <<EOF
AuthType=auth/munge
DbdHost=localhost
DbdAddr=127.0.0.1
SlurmUser=slurm
LogFile=$HOME_/log/slurmdbd.log
PidFile=$HOME_/run/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StoragePass=only-here
StorageLoc=slurm_accounting
CommunicationParameters=NoInAddrAny
EOF
  chown slurm: "$HOME_/slurmdbd.conf"
  chmod 600 "$HOME_/slurmdbd.conf"
  ln -sf "$SLURM_CONF" "$SITE"
  cat >"$HOME_/mariadb.conf" <<EOF
[mariadbd]
user=mysql
datadir=$HOME_/database
socket=$MYSQL_UNIX_PORT
pid-file=$HOME_/run/mariadbd.pid
skip-networking
innodb_buffer_pool_size=64M
innodb_log_file_size=64M
innodb_lock_wait_timeout=900
log-error=$HOME_/database/error.log
EOF
}

free() { [ ! -e "$SITE" ] && ! { pgrep -x slurmctld || pgrep -x slurmd || pgrep -x slurmdbd; } >/dev/null; }

until_() { # seconds, command: wait until it succeeds
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || { echo "'$*' did not succeed in time: see $HOME_/log" >&2; return 1; }
    sleep 0.1
  done
}

answers() { munge -n </dev/null; }
idle() { [ "$(sinfo -h -N -t idle -o %N | sort -u | wc -l)" = 3 ]; }
known() { [ -n "$(sacctmgr -n show cluster test)" ]; }

up() {
  trap 'echo "Slurm has not started:" >&2; tail -n 3 "$HOME_"/log/*.log >&2' ERR
  configure
  if ! answers >/dev/null 2>&1; then
    install -d -o munge -g munge -m 755 /run/munge
    runuser -u munge -- /usr/sbin/munged --pid-file "/run/munge/collapse.pid"
    until_ 20 answers
  fi
  [ -d "$HOME_/database/mysql" ] ||
    mariadb-install-db --user=mysql --datadir="$HOME_/database" --skip-test-db >"$HOME_/log/database.log" 2>&1
  chmod 777 "$HOME_/run"
  setsid mariadbd --defaults-file="$HOME_/mariadb.conf" >/dev/null 2>&1 </dev/null &
  until_ 60 mariadb-admin --no-defaults ping
  mariadb --no-defaults -e "CREATE DATABASE IF NOT EXISTS slurm_accounting;
    CREATE USER IF NOT EXISTS 'slurm'@'localhost' IDENTIFIED BY 'only-here';
    GRANT ALL ON slurm_accounting.* TO 'slurm'@'localhost';"
  slurmdbd
  until_ 60 sacctmgr -n show cluster
  known || sacctmgr -i -Q add cluster test >/dev/null
  slurmctld
  until_ 60 sh -c "scontrol ping | grep -q UP"
  slurmd -N node1
  slurmd -N node2
  slurmd -N node3
  until_ 60 idle
}

stop() { # pid file: end its process, and wait for that
  local process
  [ -s "$1" ] || return 0
  process=$(cat "$1")
  kill "$process" 2>/dev/null || return 0
  until_ 20 sh -c "! kill -0 $process" || kill -9 "$process"
}

down() {
  timeout 10 scancel --state=PENDING --state=RUNNING --user=root 2>/dev/null || true
  sleep 1
  for name in slurmd-node1 slurmd-node2 slurmd-node3 slurmctld slurmdbd mariadbd; do stop "$HOME_/run/$name.pid"; done
  stop /run/munge/collapse.pid
  [ "$(readlink "$SITE")" != "$SLURM_CONF" ] || rm "$SITE"
  rm -rf "$HOME_"
}

case "${1:-}" in
  install) install_ ;;
  up) up ;;
  down) down ;;
  free) free ;;
  *) echo "usage: slurm.sh install | free | up | down" >&2; exit 2 ;;
esac
