import type { Prefix } from "../addr/prefix.ts";

/** The rules of one side of a session for one direction, the first that matches decides. Equal keys are equal rules. */
export interface Policy {
  readonly key: string;
  readonly rules: readonly PolicyRule[];
}

/** One rule, with what Calico's BGPFilter can ask (api/pkg/apis/projectcalico/v3/bgpfilter.go); absent parts ask nothing. */
export interface PolicyRule {
  readonly accept: boolean;
  readonly prefix?: PrefixMatch;
  /** Only routes that were learned over BGP (`source: RemotePeers`). */
  readonly remote?: boolean;
  /** A pattern for the device the route leaves by, with `*` for anything; a blackhole leaves by none. */
  readonly device?: string;
  /** Only on iBGP sessions, or only on eBGP ones. */
  readonly internal?: boolean;
  /** The first ASes on the path. */
  readonly asPath?: readonly number[];
  readonly localPref?: number;
}

export interface PrefixMatch {
  readonly operator: "Equal" | "NotEqual" | "In" | "NotIn";
  readonly cidr: Prefix;
  /** Prefix lengths that count as inside; without them all that are inside do. */
  readonly lengths?: { readonly min: number; readonly max: number };
}

/** What is announced: one prefix, and whether it is inside a pool that may be exported. */
export interface Announcement {
  readonly prefix: Prefix;
  readonly pooled: boolean;
}

/** A route on its way over a session. */
export interface Offer {
  readonly prefix: Prefix;
  readonly remote: boolean;
  readonly device: string | undefined;
  readonly internal: boolean;
  readonly asPath: readonly number[];
  readonly localPref: number;
}

/** What a policy says of a route; `undefined` when none of its rules matches. */
export function verdict(policy: Policy | undefined, offer: Offer): "accept" | "reject" | undefined {
  const rule = policy?.rules.find((each) => matches(each, offer));
  return rule && (rule.accept ? "accept" : "reject");
}

function matches(rule: PolicyRule, offer: Offer): boolean {
  return (
    (rule.prefix === undefined || holds(rule.prefix, offer.prefix)) &&
    (rule.remote !== true || offer.remote) &&
    (rule.device === undefined || (offer.device !== undefined && likeDevice(rule.device, offer.device))) &&
    (rule.internal === undefined || rule.internal === offer.internal) &&
    (rule.asPath === undefined || rule.asPath.every((as, i) => offer.asPath[i] === as)) &&
    (rule.localPref === undefined || rule.localPref === offer.localPref)
  );
}

/**
 * A prefix as BIRD compares it: `In` is `net ~ CIDR`, or `net ~ [ CIDR{min,max} ]` where lengths are told; with those
 * `Equal` is BIRD's `=` of a net and a set, which never holds (confd/pkg/resource/template/template_funcs.go
 * `filterMatchCIDR`).
 */
export function holds({ operator, cidr, lengths }: PrefixMatch, prefix: Prefix): boolean {
  if (operator === "Equal" || operator === "NotEqual") {
    const equal = lengths === undefined && cidr.equals(prefix);
    return equal === (operator === "Equal");
  }
  const within = lengths === undefined || (prefix.length >= lengths.min && prefix.length <= lengths.max);
  return (cidr.containsPrefix(prefix) && within) === (operator === "In");
}

/** BIRD's `~` of a string and a pattern: `*` is anything, `?` any character. */
function likeDevice(pattern: string, device: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(device);
}
