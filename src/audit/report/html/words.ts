/** Words that several sections of the page need. Pure. */
import type { EndNumbers, Period, PolicyFindings } from '../report.ts';
import { html, NOT_KNOWN, type Content, type Markup } from './markup.ts';

/** Rows of a list that the page shows; the JSON has all. */
const SHOWN = 200;

/** A policy as people know it: with its controller where the trail has several. */
export function policyName(
  { policy, controller }: { readonly policy?: string; readonly controller?: string },
  several: boolean,
): string {
  if (policy === undefined) return 'not known';
  return several && controller !== undefined ? `${policy} (${controller})` : policy;
}

/** Whether the policies are of more than one controller. */
export function ofSeveral(policies: readonly PolicyFindings[]): boolean {
  return new Set(policies.map((one) => one.controller)).size > 1;
}

/** `2026-11-22 03:40` of an instant, UTC. */
export function minuteOf(at: string): string {
  return at.slice(0, 16).replace('T', ' ');
}

/** The first rows of a long list, and how many are left out. */
export function firsts<T>(all: readonly T[]): {
  readonly shown: readonly T[];
  readonly more: Markup | undefined;
} {
  const more = all.length - SHOWN;
  return {
    shown: all.slice(0, SHOWN),
    more:
      more > 0
        ? html`<p class="sub">and ${more} more, which the JSON form of this report has.</p>`
        : undefined,
  };
}

export function span({ from, to }: Period): string {
  return from === to ? from : `${from} to ${to}`;
}

/** A number of the end of the period; a dash where no run has looked. */
export function ifLooked(end: EndNumbers, value: Content): Content {
  return end.looked === undefined ? NOT_KNOWN : value;
}

/** Names with their numbers: "verified 3, pending 1". */
export function pairs(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, n]) => `${name} ${n}`)
    .join(', ');
}
