// The machinery of a set-up script: statements that apply, check and heal are the same lines; what was changed is
// written down, and `remove` takes back exactly that. POSIX shell (dash, busybox ash) with iproute2.

import { trimMargin } from './shell.js';

/**
 * Functions that the statements of a plan are written in: `setting`, `rule`, `route`, `balance`. A plan adds the
 * functions `statements` (settings, rules, routes), `firewall_install`, `firewall_show`, `firewall_remove`, `beats`.
 */
export const FRAME = trimMargin(`
  # ---- machinery: nothing below this line knows of your uplinks until "the plan" ------------------------------

  say() { echo "$0: $*" >&2; }
  fault() { BAD=1; [ "$MODE" != check ] || echo "wrong    $*"; }
  fine() { [ "$MODE" != check ] || echo "ok       $*"; }

  # What was changed is written down here, so that remove can take it back: one folder for each network namespace.
  state_folder() {
    run=/run
    [ -d "$run" ] || run=/var/run
    STATE=\${MLSTAT_STATE:-$run/mlstat-setup-$(readlink /proc/self/ns/net | tr -dc 0-9)}
  }

  # setting FILE VALUE: a kernel setting below /proc/sys. Passed over where the kernel has no such file.
  # The keep-alive looks at them after a route was missing: a device that is made anew has the kernel's own.
  setting() {
    [ -e "/proc/sys/$1" ] || return 0
    [ "$MODE" != heal ] || [ "$CAME_BACK" = yes ] || return 0
    WANTED_SETTINGS="$WANTED_SETTINGS$1
  "
    # A read of the shell's own takes one byte at a time, and these files give no second one.
    now=$(cat "/proc/sys/$1")
    if [ "$now" = "$2" ]; then
      fine "$1 = $2"
      return 0
    fi
    fault "$1 is $now, not $2"
    [ "$MODE" != check ] || return 0
    grep -qF "$1 " "$STATE/settings" || echo "$1 $2 $now" >>"$STATE/settings"
    { echo "$2" >"/proc/sys/$1"; } 2>/dev/null && return 0
    FAILED=1
    say "$1 stays $now: the kernel does not let it be set to $2 (read-only /proc/sys, as in a container?)"
  }

  # keep FILE: a setting that the kernel changes along with another one; remove puts it back as well.
  keep() {
    [ "$MODE" = apply ] && [ -e "/proc/sys/$1" ] || return 0
    WANTED_SETTINGS="$WANTED_SETTINGS$1
  "
    now=$(cat "/proc/sys/$1")
    grep -qF "$1 " "$STATE/settings" || echo "$1 $now $now" >>"$STATE/settings"
  }

  # What the kernel has, read once a pass: rules, default routes (those of a multipath route behind it), addresses.
  NEWLINE='
  '
  read_kernel() {
    RULES4=$NEWLINE$(ip -4 rule show | tr '\\t' ' ' | sed 's/  *$//')$NEWLINE
    RULES6=$NEWLINE$(ip -6 rule show 2>/dev/null | tr '\\t' ' ' | sed 's/  *$//')$NEWLINE
    ROUTES4=$NEWLINE$(ip -4 route show table all default | sed -e 's/^[[:space:]]*nexthop/ nexthop/' -e 's/$/ /')$NEWLINE
    ROUTES6=$NEWLINE$(ip -6 route show table all default | sed -e 's/^[[:space:]]*nexthop/ nexthop/' -e 's/$/ /')$NEWLINE
    NEIGHBOURS6=$NEWLINE$(ip -6 neigh show 2>/dev/null)$NEWLINE
    ADDRESSES4=$(ip -o -4 address show scope global)
    ADDRESSES6=$(ip -o -6 address show scope global | grep -v -e temporary -e deprecated -e tentative)
  }
  # has_rule FAMILY PRIORITY WORDS: words as "ip rule" prints them.
  has_rule() {
    case $1 in -4) listed=$RULES4 ;; *) listed=$RULES6 ;; esac
    case $listed in *"$NEWLINE$2: $3$NEWLINE"*) return 0 ;; esac
    return 1
  }
  # has_route FAMILY TABLE WORDS: the table stands before "proto" there.
  has_route() {
    case $1 in -4) listed=$ROUTES4 ;; *) listed=$ROUTES6 ;; esac
    case $listed in *"$NEWLINE\${3%% proto *} table $2 proto \${3#* proto } "*) return 0 ;; esac
    return 1
  }

  # rule FAMILY PRIORITY WORDS...
  rule() {
    family=$1 priority=$2
    shift 2
    WANTED_RULES="$WANTED_RULES$family $priority $*
  "
    if has_rule "$family" "$priority" "$*"; then
      fine "rule $family $priority: $*"
      return 0
    fi
    fault "rule $family $priority: $* is missing"
    [ "$MODE" != check ] || return 0
    # Written down first, as all things are: whatever ends this script, remove finds what was changed.
    grep -qxF -e "$family $priority $*" "$STATE/rules" || echo "$family $priority $*" >>"$STATE/rules"
    ip "$family" rule add priority "$priority" "$@" || FAILED=1
  }

  # table FAMILY NUMBER: a routing table of this script's own. It must be empty before the first apply.
  table() {
    WANTED_TABLES="$WANTED_TABLES$1 $2
  "
    [ "$MODE" = apply ] || return 0
    grep -qxF -e "$1 $2" "$STATE/tables" && return 0
    if [ -n "$(ip "$1" route show table "$2" 2>/dev/null)" ]; then
      say "table $2 holds routes that are not from this script: ip $1 route flush table $2, if they are of an old set-up"
      exit 1
    fi
    echo "$1 $2" >>"$STATE/tables"
  }

  # route FAMILY TABLE WORDS...: words in the order in which "ip route" prints them. False where it can't be had.
  route() {
    family=$1 table=$2
    shift 2
    if has_route "$family" "$table" "$*"; then
      fine "table $table $family: $*"
      return 0
    fi
    fault "table $table $family: $* is missing"
    # Told once: the balanced default is judged as if it were there.
    [ "$MODE" != check ] || return 0
    if why=$(ip "$family" route replace table "$table" "$@" 2>&1); then
      RETURNING=yes
      return 0
    fi
    [ "$MODE" = heal ] || say "table $table $family: $*: $why"
    return 1
  }

  # balance FAMILY TABLE: the multipath default over the nexthops in HOPS, one a line, as gathered by "hop".
  hop() {
    HOPS="$HOPS$*
  "
  }
  # hop6 GATEWAY DEVICE WORDS...: IPv6 asks no neighbour before it chooses (fib_multipath_use_neigh is IPv4's alone), so
  # a gateway that does not answer is left out here, and taken in again when a keep-alive ping has reached it.
  hop6() {
    gateway=$1 device=$2
    shift 2
    ALL_HOPS="$ALL_HOPS$*
  "
    case $NEIGHBOURS6 in
      *"$NEWLINE$gateway dev $device "*FAILED* | *"$NEWLINE$gateway dev $device "*INCOMPLETE*)
        state=\${NEIGHBOURS6#*"$NEWLINE$gateway dev $device "}
        case \${state%%"$NEWLINE"*} in
          *FAILED* | *INCOMPLETE*)
            fine "$gateway on $device does not answer: left out of the balance until it does"
            return 0
            ;;
        esac
        ;;
    esac
    hop "$@"
  }
  balance() {
    # Where none answers, the first one to come back is as good as any.
    [ -n "$HOPS" ] || HOPS=$ALL_HOPS
    ALL_HOPS=''
    case $1 in -4) listed=$ROUTES4 ;; *) listed=$ROUTES6 ;; esac
    shown=\${listed#*"\${NEWLINE}default table $2 "}
    [ "$shown" != "$listed" ] || shown=''
    shown=\${shown%%"$NEWLINE"[! ]*}
    right=yes words='' count=0
    while read -r line; do
      [ -n "$line" ] || continue
      count=$((count + 1)) words="$words nexthop $line"
      case "$shown" in *" nexthop $line "*) ;; *) right=no ;; esac
    done <<END
  $HOPS
  END
    HOPS=''
    for word in $shown; do [ "$word" != nexthop ] || count=$((count - 1)); done
    [ "$count" = 0 ] || right=no
    count=0
    for word in $words; do [ "$word" != nexthop ] || count=$((count + 1)); done
    if [ "$count" = 1 ]; then
      single=\${words# nexthop }
      single=\${single% weight *}
      right=no
      ! has_route "$1" "$2" "default $single proto static" || right=yes
    fi
    if [ "$count" = 0 ]; then
      fault "table $2 $1: no uplink can be used"
      [ "$MODE" = check ] || ip "$1" route flush table "$2" 2>/dev/null
      return 0
    fi
    if [ "$right" = yes ]; then
      fine "table $2 $1: default over $count uplinks"
      return 0
    fi
    fault "table $2 $1: the default is not over the $count uplinks of the plan with their weights"
    [ "$MODE" != check ] || return 0
    # shellcheck disable=SC2086 # the words are meant to be several
    why=$(ip "$1" route replace table "$2" default proto static $words 2>&1) || { FAILED=1; say "table $2 $1: $why"; }
  }

  # address FAMILY DEVICE: the first address of global scope that the device has, without its length.
  address() {
    case $1 in -4) listed=$ADDRESSES4 ;; *) listed=$ADDRESSES6 ;; esac
    while read -r _ device _ found _; do
      [ "$device" = "$2" ] || continue
      echo "\${found%%/*}"
      return 0
    done <<END
  $listed
  END
  }

  RETURNING=no
  # One pass over the plan: MODE is apply, check or heal. What an earlier plan had and this one has not goes away.
  pass() {
    CAME_BACK=$RETURNING RETURNING=no
    MODE=$1 BAD=0 FAILED=0 HOPS='' ALL_HOPS='' WANTED_SETTINGS='' WANTED_RULES='' WANTED_TABLES=''
    read_kernel
    statements
    firewall
    [ "$MODE" != check ] || return "$BAD"
    prune rules "$WANTED_RULES"
    [ "$MODE" != apply ] || prune tables "$WANTED_TABLES"
    [ "$MODE" != apply ] || prune settings "$WANTED_SETTINGS"
    return "$FAILED"
  }

  # prune WHAT WANTED: takes back what is written down and not wanted any more, last things first.
  prune() {
    sed '1!G;h;$!d' "$STATE/$1" >"$STATE/old"
    : >"$STATE/kept"
    while read -r first second rest; do
      case $1 in
        settings) key=$first ;;
        tables) key="$first $second" ;;
        *) key="$first $second $rest" ;;
      esac
      if printf '%s' "$2" | grep -qxF -e "$key"; then
        echo "$first $second $rest" | sed 's/ *$//' >>"$STATE/kept"
        continue
      fi
      # shellcheck disable=SC2086 # a rule is several words
      case $1 in
        rules) ip "$first" rule delete priority "$second" $rest 2>/dev/null ;;
        tables) ip "$first" route flush table "$second" 2>/dev/null ;;
        settings)
          [ -e "/proc/sys/$first" ] || continue
          [ "$(cat "/proc/sys/$first")" != "$rest" ] || continue
          { echo "$rest" >"/proc/sys/$first"; } 2>/dev/null || say "$first can't be set back to $rest"
          ;;
      esac
    done <"$STATE/old"
    sed '1!G;h;$!d' "$STATE/kept" >"$STATE/old"
    mv "$STATE/old" "$STATE/$1"
    rm -f "$STATE/kept"
  }

  # The firewall's part is put in place as a whole, and compared as a whole.
  firewall() {
    if [ "$MODE" != apply ] && [ -e "$STATE/firewall" ] && [ "$(firewall_show)" = "$(cat "$STATE/firewall")" ]; then
      fine 'firewall'
      return 0
    fi
    fault 'firewall: the rules of this script are not as they were applied'
    [ "$MODE" != check ] || return 0
    firewall_install || FAILED=1
    firewall_show >"$STATE/firewall"
  }

  # Nothing that was written down is there any more: it is from before a restart, or of a namespace that is gone.
  forget_old_state() {
    [ -s "$STATE/rules" ] || return 0
    read_kernel
    while read -r family priority words; do
      has_rule "$family" "$priority" "$words" && return 0
    done <"$STATE/rules"
    while read -r file new old; do
      [ "$old" = "$new" ] || [ "$(cat "/proc/sys/$file" 2>/dev/null)" != "$new" ] || return 0
    done <"$STATE/settings"
    rm -rf "$STATE"
  }

  apply() {
    [ "$(id -u)" = 0 ] || { say 'apply needs root'; exit 1; }
    for tool in $TOOLS; do
      command -v "$tool" >/dev/null || { say "$tool is not installed"; exit 1; }
    done
    stop_keepalive
    forget_old_state
    (umask 077 && mkdir -p "$STATE" && cd "$STATE" && touch settings rules tables) || exit 1
    pass apply
    result=$?
    [ "\${MLSTAT_KEEPALIVE:-yes}" != yes ] || start_keepalive
    [ "$result" = 0 ] || say 'not all of it could be applied: see above'
    return "$result"
  }

  check() {
    [ -d "$STATE" ] || { echo 'wrong    nothing is applied'; return 1; }
    pass check
    result=$?
    if keepalive_runs; then
      echo 'ok       keep-alive'
    else
      echo 'wrong    keep-alive does not run'
      result=1
    fi
    return "$result"
  }

  remove() {
    [ "$(id -u)" = 0 ] || { say 'remove needs root'; exit 1; }
    [ -d "$STATE" ] || { say 'nothing is applied'; return 0; }
    stop_keepalive
    firewall_remove
    MODE=remove
    prune rules ''
    prune tables ''
    remove_after
    prune settings ''
    rm -rf "$STATE"
  }
`);

/** The end of a script: what the first word on its command line does. */
export const MAIN = trimMargin(`
  state_folder
  case \${1:-} in
    apply | check | remove | keepalive | unit) "$1" ;;
    *)
      echo "usage: sh $0 apply|check|remove|keepalive|unit" >&2
      exit 2
      ;;
  esac
`);
