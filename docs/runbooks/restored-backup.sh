#!/bin/sh
# The data are broken and a backup is good: restores the backup into a new database on the same server, counts its rows, and swaps the
# deploy over to it with attach, which restarts the app and puts the old handle back when the app is not well. The old database is not
# touched, and the new one gets a name that nothing else has.
#
#   restored-backup.sh -d production -f last-night.dump -t orders=1000
#
#   -d DEPLOY       the deploy, as `attach -d` takes it
#   -f DUMP         a backup made by pg_dump -Fc          default: pg_dump of PGDATABASE, now, into NEW.dump
#   -k KEY          the key that holds the handle         default: DATABASE_URL
#   -n NEW          the name of the new database          default: restored_ and the time
#   -o ROLE         its owner                             default: the owner of PGDATABASE
#   -t TABLE=ROWS   it must hold at least so many rows; may be repeated. default: one row in any table
#   --              what follows goes to attach: --confirm production for a protected deploy, --trust the first time on a machine
#
# The server is that of the deploy. libpq finds it, and who you are there, in its usual places: PGHOST, PGPORT, PGUSER, PGDATABASE or
# PGSERVICE, and the password in ~/.pgpass or PGPASSFILE. No password stands in an argument.
#
# Exit: that of attach, which is asked before anything is restored and swaps afterwards. What stops it in between is 3, a command line that
# is not understood 2; then the deploy is as it was and the new database is gone.
set -eu
umask 077

deploy='' dump='' key=DATABASE_URL new=restored_$(date -u +%Y%m%d_%H%M%S)_$$ owner='' tables='' reason='' created=''

main() {
  while getopts d:f:k:n:o:t: option; do
    case $option in
      d) deploy=$OPTARG ;;
      f) dump=$OPTARG ;;
      k) key=$OPTARG ;;
      n) new=$OPTARG ;;
      o) owner=$OPTARG ;;
      t)
        case $OPTARG in
          *=*[!0-9]* | *[[:space:]]*) usage '-t takes TABLE=ROWS' ;;
          ?*=?*) tables="$tables $OPTARG" ;;
          *) usage '-t takes TABLE=ROWS' ;;
        esac
        ;;
      *) usage 'that option is not known, or lacks its value' ;;
    esac
  done
  [ -n "$deploy" ] || usage '-d is needed'
  shift $((OPTIND - 2))
  last=$1
  shift
  [ $# -eq 0 ] || [ "$last" = -- ] || usage 'a word stands there that belongs to no option; those for attach stand behind --'
  for word; do
    case $word in
      --password*) usage 'the restored database has the roles of the present one: --password is not for this' ;;
      --dry-run | -h | --help | -V | --version) usage "$word swaps nothing: it is not for this" ;;
    esac
  done
  reason="restored from ${dump:-$new.dump}"
  trap 'stop "interrupted"' HUP INT TERM

  rehearse "$@" # Before hours of restoring, not after.
  back_up
  restore
  count
  swap "$@"
}

# Asks attach with the words of the swap to come, and ends with its exit when it refuses them. What needs the new database is left out.
rehearse() {
  before=''
  for word; do
    shift
    case $before,$word in
      --expect,* | *,--expect | *,--expect=*) ;;
      *) set -- "$@" "$word" ;;
    esac
    before=$word
  done
  code=0
  said=$(attach swap "$key" --name "$new" -d "$deploy" -m "$reason" "$@" --dry-run --no-probe) || code=$?
  [ "$code" -ne 0 ] || return 0
  [ -z "$said" ] || printf '%s\n' "$said"
  say "attach would not swap, so nothing was restored; the deploy $deploy is as it was. What attach asks for is given behind --"
  exit "$code"
}

back_up() {
  if [ -z "$dump" ]; then
    dump=$new.dump
    say "dumping the present database into $dump"
    pg_dump --format=custom --file="$dump" || stop 'pg_dump failed'
  fi
  pg_restore --list "$dump" >/dev/null || stop "$dump cannot be read as a backup"
}

restore() {
  [ -n "$owner" ] || owner=$(ask 'select pg_get_userbyid(datdba) from pg_database where datname = current_database()') ||
    stop 'the owner of the present database cannot be asked for; name it with -o'
  say "restoring $dump into $new"
  createdb --template=template0 --owner="$owner" "$new" || stop "$new cannot be created"
  created=$new
  pg_restore --exit-on-error --single-transaction --dbname="$new" "$dump" || stop "$dump cannot be restored"
  ask 'analyze' --dbname="$new" || stop 'the statistics of the new database cannot be made'
}

count() {
  say 'rows in each table:'
  rows=$(ask "
    select format('select %L, count(*) from %I.%I', tablename, schemaname, tablename) from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema') order by 1
    \\gexec" --dbname="$new") || stop 'the rows cannot be counted'
  printf '%s\n' "$rows" >&2
  if [ -z "$tables" ]; then
    printf '%s\n' "$rows" | grep -q '|[1-9]' || stop 'the backup holds no rows'
  fi
  for wanted in $tables; do
    held=$(ask "select count(*) from ${wanted%%=*}" --dbname="$new") || stop "${wanted%%=*} cannot be counted"
    [ "$held" -ge "${wanted#*=}" ] || stop "${wanted%%=*} holds $held rows, and at least ${wanted#*=} were expected"
  done
}

# From here on the new database may be in use, and nothing here drops it. Ctrl-C is for attach, which says what came of it.
swap() {
  created=''
  trap : HUP INT TERM
  say "swapping $deploy over to $new"
  code=0
  attach swap "$key" --name "$new" -d "$deploy" -m "$reason" "$@" || code=$?
  case $code in
    0) say "$deploy is attached to $new. To go back, run the line that stands behind Undo:; the old database is as it was." ;;
    2) say "attach did not understand: $deploy is as it was. Mend the command." ;;
    3) say "attach refused: $deploy is as it was. Mend what it named, or say that it is meant." ;;
    4) say "somebody edited $key meanwhile: $deploy is as they left it. Look at attach status -d $deploy." ;;
    5) say "another attach is at work on $deploy, which this one left as it was. Wait for it." ;;
    6) say "the config of $deploy cannot be read or written: it is as it was. Mend the disk or the rights." ;;
    7) say "the app was not well on $new and runs on its old database again. The app's log says why." ;;
    8) say "a person must look: attach status -d $deploy, then attach recover -d $deploy. Drop neither database before that." ;;
    129 | 130 | 143) say "stopped before anything was changed: $deploy is as it was." ;;
    *) say "attach ended with $code, which it should not: look at attach status -d $deploy before anything else." ;;
  esac
  case $code in
    2 | 3 | 4 | 5 | 6 | 7 | 129 | 130 | 143)
      say "$new is restored and counted"
      printf 'Go on: %s\n' "$(pasted attach swap "$key" --name "$new" -d "$deploy" -m "$reason" "$@")" >&2
      printf 'Give it up: %s\n' "$(pasted dropdb "$new")" >&2
      ;;
  esac
  exit "$code"
}

# One answer, bare. Further words are psql's.
ask() {
  question=$1
  shift
  printf '%s\n' "$question" | psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@"
}

# Words as they can be pasted into a shell.
pasted() {
  space=''
  for word; do
    printf '%s' "$space"
    case $word in
      '' | *[!A-Za-z0-9_@%+=:,./-]*) printf "'%s'" "$(printf '%s\n' "$word" | sed "s/'/'\\\\''/g")" ;;
      *) printf '%s' "$word" ;;
    esac
    space=' '
  done
}

stop() {
  trap '' HUP INT TERM
  [ -z "$created" ] || dropdb "$created" || say "drop $created yourself"
  say "$1; the deploy $deploy is as it was"
  exit 3
}

say() {
  printf 'restored-backup: %s\n' "$1" >&2
}

usage() {
  sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0" >&2
  say "$1"
  exit 2
}

main "$@"
