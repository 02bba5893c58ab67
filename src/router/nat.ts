// Rules of netfilter, followed from the hooks through their chains, become effects: which source a packet gets that
// leaves by an interface, and which mark its connection.

import type { Prefix } from '../config/config.js';
import type { DevMatch, Facts, Mark, NatAction, NatRule, Note, Place } from './facts.js';

/** A rule with all that the chains on the way to it ask for. */
export interface Effect {
  action: Exclude<NatAction, { kind: 'jump' }>;
  hook: 'postrouting' | 'prerouting';
  family: 4 | 6 | null;
  out: readonly DevMatch[];
  in: readonly DevMatch[];
  sources: readonly Prefix[];
  mark: Mark | null;
  isNarrow: boolean;
  place: Place;
}

/** Chains call chains this deep (the kernel allows 16), and so many rules are followed in all. */
const DEEPEST = 16;
const MOST_STEPS = 5000;

const CUT = `only the first ${MOST_STEPS} rules of sources and marks are followed`;

export function natEffects(facts: Facts, notes: Note[]): Effect[] {
  const byChain = new Map<string, NatRule[]>();
  for (const rule of facts.nat) {
    const rules = byChain.get(rule.chain);
    if (rules === undefined) byChain.set(rule.chain, [rule]);
    else rules.push(rule);
  }
  const effects: Effect[] = [];
  let steps = 0;
  const follow = (chain: string, above: Omit<Effect, 'action' | 'place'>, depth: number): void => {
    for (const rule of byChain.get(chain) ?? []) {
      if (++steps > MOST_STEPS) {
        if (steps === MOST_STEPS + 1) notes.push({ kind: 'assumed', place: rule.place, text: CUT });
        return;
      }
      const here = {
        hook: above.hook,
        family: rule.family ?? above.family,
        out: rule.out === null ? above.out : [...above.out, rule.out],
        in: rule.in === null ? above.in : [...above.in, rule.in],
        sources: rule.sources.length > 0 ? rule.sources : above.sources,
        mark: rule.mark ?? above.mark,
        isNarrow: rule.isNarrow || above.isNarrow,
      };
      if (rule.action.kind !== 'jump') effects.push({ ...here, action: rule.action, place: rule.place });
      else if (depth < DEEPEST) follow(rule.action.chain, here, depth + 1);
    }
  };
  for (const [chain, hook] of facts.bases) {
    if (hook === 'other') continue;
    follow(chain, { hook, family: null, out: [], in: [], sources: [], mark: null, isNarrow: false }, 0);
  }
  return effects;
}
