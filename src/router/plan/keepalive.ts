// The keep-alive of a set-up script: a loop that pings each gateway by its own device and puts back what the kernel
// dropped while a device was down; started by `apply`, or run in the foreground by a supervisor such as systemd.

import { trimMargin } from './shell.js';

/** Functions `start_keepalive`, `stop_keepalive`, `keepalive_runs`, `keepalive`, `unit`; they call `beats` and `pass`. */
export const KEEPALIVE = trimMargin(`
  # ---- keep-alive -------------------------------------------------------------------------------------------
  # The kernel learns that a dead gateway is back only by being made to use it (fib_multipath_use_neigh): so each
  # is pinged by its own device. An answer is not needed, ARP or a neighbour advertisement is enough. After the
  # pings, what the kernel dropped while a device was down is put back.

  beat() {
    case $1 in
      -4) ping -c 1 -W 1 -I "$2" "$3" >/dev/null 2>&1 && return 0 ;;
      -6) { ping -6 -c 1 -W 1 -I "$2" "$3" || ping6 -c 1 -W 1 -I "$2" "$3"; } >/dev/null 2>&1 && return 0 ;;
    esac
    # No ping on this machine, or no answer: at least ask for the neighbour.
    ip "$1" neigh replace "$3" dev "$2" use 2>/dev/null
  }

  # keepalive_loop TOKEN: until another loop has taken its place, or everything is removed.
  keepalive_loop() {
    trap 'kill $! 2>/dev/null; exit 0' TERM INT
    while [ "$(cat "$STATE/token" 2>/dev/null)" = "$1" ]; do
      beats
      wait
      pass heal
      sleep "$INTERVAL" &
      wait $!
    done
  }

  # Its process and when that started (field 22 of stat), so that no other process of that number is ever stopped.
  started() { sed -n '/.*) Z /!s/.*) //p' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }
  keepalive_runs() {
    [ -s "$STATE/pid" ] || return 1
    read -r pid since <"$STATE/pid"
    [ -n "$since" ] && [ "$(started "$pid")" = "$since" ]
  }
  new_token() { echo "$$ $(date +%s)" >"$STATE/token"; }
  start_keepalive() {
    new_token
    (
      trap '' HUP
      exec </dev/null >/dev/null 2>&1
      cd /
      keepalive_loop "$(cat "$STATE/token")"
    ) &
    echo "$! $(started $!)" >"$STATE/pid"
  }
  stop_keepalive() {
    rm -f "$STATE/token"
    if keepalive_runs; then
      kill "$pid" 2>/dev/null
      # It ends with the command that it is at; until then it could put back what is taken away here.
      tries=0
      while [ "$tries" -lt 40 ] && keepalive_runs; do
        tries=$((tries + 1))
        [ "$tries" -lt 36 ] || sleep 1
      done
    fi
    rm -f "$STATE/pid"
  }
  # In the foreground, for systemd or another supervisor.
  keepalive() {
    [ -d "$STATE" ] || { say 'apply comes first'; exit 1; }
    stop_keepalive
    new_token
    echo "$$ $(started $$)" >"$STATE/pid"
    keepalive_loop "$(cat "$STATE/token")"
  }

  # A unit that applies at boot and keeps alive. To go back: systemctl disable --now, then remove.
  unit() {
    path=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
    case $path in
      *[!A-Za-z0-9/._-]*) say "put the script under a path of plain letters first: $path"; exit 1 ;;
    esac
    cat <<END
  [Unit]
  Description=Uplinks of this router (mlstat plan)
  After=network-online.target
  Wants=network-online.target

  [Service]
  Environment=MLSTAT_KEEPALIVE=no
  # With a minus: what could be applied is kept alive, though a part failed; the journal tells which.
  ExecStartPre=-/bin/sh $path apply
  ExecStart=/bin/sh $path keepalive
  Restart=always
  RestartSec=2

  [Install]
  WantedBy=multi-user.target
  END
  }
`);
