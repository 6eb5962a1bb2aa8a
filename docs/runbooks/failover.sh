#!/bin/sh
# The primary is dead: has attach say which standby is the furthest, promotes that one, and fails the deploy over to it with attach, which
# restarts the app. Where a candidate is promoted already, nothing is promoted here. Unless no connection reaches the present database, nothing
# is done at all: one that answers, even if only to refuse the login, may still take the writes of others.
#
#   failover.sh -d production STANDBY_1_URL STANDBY_2_URL
#
#   KEY…            keys of the deploy's config that hold the handles of the candidates
#   -d DEPLOY       the deploy, as `attach -d` takes it
#   -k KEY          the key that holds the handle of the app         default: DATABASE_URL
#   --              what follows goes to attach: --confirm production for a protected deploy, --trust the first time on a machine
#
# Who may promote is for libpq to find, in its usual places: PGUSER, and the password in ~/.pgpass or PGPASSFILE. Host and port are those of the
# candidate. No password stands in an argument.
#
# Exit: that of attach failover. What stops it before is 3, a command line that is not understood 2; then the deploy is as it was.
set -eu

deploy='' key=DATABASE_URL candidates='' promoted=''
PROMOTE_SECONDS=30

main() {
  while getopts d:k: option; do
    case $option in
      d) deploy=$OPTARG ;;
      k) key=$OPTARG ;;
      *) usage 'that option is not known, or lacks its value' ;;
    esac
  done
  shift $((OPTIND - 1))
  [ -n "$deploy" ] || usage '-d is needed'
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case $1 in
      '' | [0-9]* | *[!A-Za-z0-9_]*) usage 'a candidate is a key of the config, such as STANDBY_1_URL' ;;
      *) candidates="$candidates --to $1" ;;
    esac
    shift
  done
  [ -n "$candidates" ] || usage 'candidates are needed'
  [ $# -eq 0 ] || shift
  for word; do
    case $word in
      --json | -q | --quiet | --dry-run | -h | --help | -V | --version) usage "$word is not for this: what attach says is read here" ;;
    esac
  done
  export PGCONNECT_TIMEOUT=5

  expect_dead
  promote_furthest "$@"
  fail_over "$@"
}

# Two that take writes are worse than none: what is written to the wrong one is lost. Dead is what no connection reaches; one that refuses the
# login, or is read-only for now, lives, and others may write to it. In JSON no text of a server can look like `"failedAt":`.
expect_dead() {
  if told=$(attach probe "$key" -d "$deploy" --expect writable --json 2>/dev/null); then
    stop "what $key leads to answers and takes writes. Fence it first (stop it), then run this again"
  fi
  depth=$(printf '%s\n' "$told" | sed -n 's/.*"failedAt":"\([a-z]*\)".*/\1/p')
  case $depth in
    resolve | connect) return ;;
  esac
  attach probe "$key" -d "$deploy" --expect writable >&2 || : # In words, for the person who decides now.
  say "when you know that it is dead or stopped: psql -c 'select pg_promote()' on the standby that is the furthest, then"
  say "attach failover $key$candidates -d $deploy"
  stop "what $key leads to takes no writes from here, and it is not known to be dead (${depth:+failed at }${depth:-it was not seen to fail at connecting})"
}

# A dry run names each candidate: `  ✗ candidate 2  db2:5432/app  why`, and says which of those that answer is the furthest.
promote_furthest() {
  code=0
  # shellcheck disable=SC2086 # Each candidate is two words.
  said=$(attach failover "$key" $candidates -d "$deploy" "$@" --dry-run 2>&1) || code=$?
  printf '%s\n' "$said" >&2
  case $code in
    0) return ;; # One of them is promoted, and fit.
    3) ;;
    *) say "attach would not fail over; the deploy $deploy is as it was"; exit "$code" ;;
  esac
  number=$(printf '%s\n' "$said" | sed -n 's/^  hint: candidate \([0-9]*\) is the most advanced of those that answer.*/\1/p')
  [ -n "$number" ] || stop 'no candidate answers, or attach names something else to be done first'
  line=$(printf '%s\n' "$said" | grep "^  ✗ candidate $number  ") || stop "candidate $number is not shown"
  case $line in
    *'(pg.recovery)'*) ;; # Nothing else is wrong with it: promoting mends it.
    *) stop "candidate $number is the furthest, and not fit for another reason than being a standby" ;;
  esac
  target=$(printf '%s\n' "$line" | awk '{ print $4 }')
  promote "$target"
}

promote() {
  name=${1##*/}
  where=${1%/*}
  host=${where%:*}
  port=${where##*:}
  case $where in
    /* | '' | *[!A-Za-z0-9.:_-]*) stop "promote $1 yourself, then run this again" ;;
  esac
  say "promoting $1"
  answer=$(psql --no-psqlrc --quiet --tuples-only --no-align --no-password --host="$host" --port="$port" --dbname="$name" \
    --command="select pg_promote(true, $PROMOTE_SECONDS)") || stop "$1 could not be promoted"
  [ "$answer" = t ] || stop "$1 was not promoted in $PROMOTE_SECONDS seconds: look at its log"
  promoted=$1
}

# Ctrl-C is for attach, which says what came of it.
fail_over() {
  trap : HUP INT TERM
  code=0
  # shellcheck disable=SC2086 # Each candidate is two words.
  attach failover "$key" $candidates -d "$deploy" -m "failover${promoted:+, $promoted was promoted}" "$@" || code=$?
  case $code in
    0) say "$deploy runs on what attach chose. Keep the old primary from coming back as one." ;;
    2 | 3 | 4 | 5 | 6 | 129 | 130 | 143) say "attach changed nothing: $deploy is as it was." ;;
    7) say "the app was not well on it, and was put back. Its log says why." ;;
    8) say "a person must look: attach status -d $deploy, then attach recover -d $deploy." ;;
    *) say "attach ended with $code, which it should not: look at attach status -d $deploy before anything else." ;;
  esac
  [ -z "$promoted" ] || say "$promoted is a primary now, whatever the deploy is attached to."
  exit "$code"
}

stop() {
  say "$1; the deploy $deploy is as it was"
  exit 3
}

say() {
  printf 'failover: %s\n' "$1" >&2
}

usage() {
  sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" | sed '/^set -eu/d' >&2
  say "$1"
  exit 2
}

main "$@"
