import { Ip } from "./ip.ts";

/** A network in CIDR notation; the bits behind `length` are zero. */
export class Prefix {
  readonly ip: Ip;
  readonly length: number;

  private constructor(ip: Ip, length: number) {
    this.ip = ip;
    this.length = length;
  }

  /** The network that `ip` lies in; host bits are cleared. */
  static of(ip: Ip, length: number = ip.bits): Prefix {
    return new Prefix(ip.masked(length), length);
  }

  /** Reads `10.0.0.0/8`, or a bare address as a host prefix; `undefined` when malformed or when host bits are set. */
  static parse(text: string): Prefix | undefined {
    const parsed = parseWithLength(text);
    return parsed?.ip.equals(parsed.ip.masked(parsed.length)) ? new Prefix(parsed.ip, parsed.length) : undefined;
  }

  /** Everything of one family: `0.0.0.0/0` or `::/0`. */
  static all(family: 4 | 6): Prefix {
    return family === 4 ? new Prefix(Ip.of(0), 0) : new Prefix(Ip.of(0, 0, 0, 0), 0);
  }

  get family(): 4 | 6 {
    return this.ip.family;
  }

  contains(ip: Ip): boolean {
    if (ip.family !== this.ip.family) return false;
    let left = this.length;
    for (let i = 0; left > 0; i++, left -= 32) {
      const difference = (this.ip.words[i] as number) ^ (ip.words[i] as number);
      if (left >= 32 ? difference !== 0 : difference >>> (32 - left) !== 0) return false;
    }
    return true;
  }

  containsPrefix(other: Prefix): boolean {
    return other.length >= this.length && this.contains(other.ip);
  }

  overlaps(other: Prefix): boolean {
    return this.containsPrefix(other) || other.containsPrefix(this);
  }

  equals(other: Prefix): boolean {
    return this.length === other.length && this.ip.equals(other.ip);
  }

  /** How many addresses it holds; exact up to 2^53. */
  get size(): number {
    return 2 ** (this.ip.bits - this.length);
  }

  /** The `n`-th address in it, counted from 0, the network address. */
  host(n: number): Ip {
    return this.ip.plus(n);
  }

  /** The `k`-th subnet of `length` bits in it, counted from 0. */
  subnet(length: number, k: number): Prefix {
    const step = this.ip.bits - length;
    const words = [...this.ip.words];
    // k is added above `step` host bits; it spans at most two words.
    const index = words.length - 1 - Math.floor(step / 32);
    const shifted = k * 2 ** (step % 32);
    words[index] = ((words[index] as number) + (shifted % 2 ** 32)) >>> 0;
    if (index > 0) words[index - 1] = ((words[index - 1] as number) + Math.floor(shifted / 2 ** 32)) >>> 0;
    return new Prefix(Ip.of(...words), length);
  }

  /** The all-ones address of an IPv4 network. */
  get broadcast(): Ip {
    return this.ip.plus(this.size - 1);
  }

  toString(): string {
    return `${this.ip}/${this.length}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** Reads `192.168.0.11/24`, host bits and all; a bare address has the full length. `undefined` when malformed. */
export function parseWithLength(text: string): { ip: Ip; length: number } | undefined {
  const slash = text.indexOf("/");
  const ip = Ip.parse(slash < 0 ? text : text.slice(0, slash));
  if (!ip) return undefined;
  if (slash < 0) return { ip, length: ip.bits };
  const digits = text.slice(slash + 1);
  const length = Number(digits);
  return /^(0|[1-9][0-9]{0,2})$/.test(digits) && length <= ip.bits ? { ip, length } : undefined;
}
