// The machinery of a script that sets files in place (mwan3, Endian) instead of the kernel: each file that it changes
// is kept once beside it, `remove` puts it back. MLSTAT_ROOT stands before all paths, for a try elsewhere.

import { trimMargin } from './shell.js';

/** Functions `put_file FILE` (its new text on standard input), `give_back FILE`; `restart` is the plan's. */
export const FILES_FRAME = trimMargin(`
  ROOT=\${MLSTAT_ROOT:-}
  say() { echo "$0: $*" >&2; }

  # put_file FILE: standard input is what it should hold. What it held before the first apply is kept beside it.
  put_file() {
    text=$(cat; echo .)
    put_text "$1" "\${text%.}"
  }
  put_text() {
    text=$2
    if [ -f "$ROOT$1" ] && [ "$(cat "$ROOT$1"; echo .)" = "$text." ]; then
      [ "$MODE" != check ] || echo "ok       $1"
      return 0
    fi
    if [ "$MODE" = check ]; then
      echo "wrong    $1 is not as it was planned"
      BAD=1
      return 0
    fi
    CHANGED=1
    if [ ! -e "$ROOT$1.before-mlstat" ]; then
      if [ -f "$ROOT$1" ]; then cp -p "$ROOT$1" "$ROOT$1.before-mlstat"; else : >"$ROOT$1.before-mlstat"; fi
    fi
    [ -f "$ROOT$1" ] && cp -p "$ROOT$1" "$ROOT$1.new"
    printf '%s' "$text" >"$ROOT$1.new" && mv "$ROOT$1.new" "$ROOT$1"
  }

  # give_back FILE: an empty one beside it says that there was none.
  give_back() {
    [ -e "$ROOT$1.before-mlstat" ] || return 0
    CHANGED=1
    if [ -s "$ROOT$1.before-mlstat" ]; then
      mv "$ROOT$1.before-mlstat" "$ROOT$1"
    else
      rm -f "$ROOT$1" "$ROOT$1.before-mlstat"
    fi
  }

  apply() {
    MODE=apply BAD=0 CHANGED=0
    needed || exit 1
    files
    [ "$CHANGED" = 0 ] || restart
  }
  check() {
    MODE=check BAD=0 CHANGED=0
    needed && files
    return "$BAD"
  }
  remove() {
    MODE=remove CHANGED=0
    files_back
    [ "$CHANGED" = 0 ] || restart
  }
`);

export const FILES_MAIN = trimMargin(`
  case \${1:-} in
    apply | check | remove) "$1" ;;
    *)
      echo "usage: sh $0 apply|check|remove" >&2
      exit 2
      ;;
  esac
`);
