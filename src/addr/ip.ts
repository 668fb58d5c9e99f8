/**
 * An IP address: one unsigned 32-bit word for IPv4, four for IPv6.
 *
 * Inside the program addresses are words; at the edges and in JSON they are text.
 */
export class Ip {
  readonly family: 4 | 6;
  readonly words: readonly number[];

  private constructor(words: readonly number[]) {
    this.family = words.length === 1 ? 4 : 6;
    this.words = words;
  }

  /** An address from its words, most significant first: one for IPv4, four for IPv6. */
  static of(...words: readonly number[]): Ip {
    return new Ip(words.map((word) => word >>> 0));
  }

  /** Reads dotted IPv4 or RFC 4291 IPv6 text; `undefined` when it is neither. */
  static parse(text: string): Ip | undefined {
    const word = parseV4(text);
    if (word !== undefined) return new Ip([word]);
    const words = text.includes(":") ? parseV6(text) : undefined;
    return words && new Ip(words);
  }

  /** 32 or 128. */
  get bits(): 32 | 128 {
    return this.family === 4 ? 32 : 128;
  }

  equals(other: Ip | undefined): boolean {
    return other !== undefined && this.compare(other) === 0;
  }

  /** Orders IPv4 before IPv6, then by value. */
  compare(other: Ip): number {
    if (this.family !== other.family) return this.family - other.family;
    for (let i = 0; i < this.words.length; i++) {
      const difference = (this.words[i] as number) - (other.words[i] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** The address `n` further on, wrapping within the family; `n` may be negative. */
  plus(n: number): Ip {
    const words = [...this.words];
    let carry = n;
    for (let i = words.length - 1; i >= 0 && carry !== 0; i--) {
      const sum = (words[i] as number) + carry;
      words[i] = sum >>> 0;
      carry = Math.floor(sum / 2 ** 32);
    }
    return new Ip(words);
  }

  /** How far this address lies behind `base`; exact up to 2^53. */
  minus(base: Ip): number {
    return this.words.reduce((sum, word, i) => sum * 2 ** 32 + word - (base.words[i] as number), 0);
  }

  /** The address with all but its first `length` bits cleared. */
  masked(length: number): Ip {
    return new Ip(this.words.map((word, i) => (word & maskWord(length - 32 * i)) >>> 0));
  }

  /** `10.0.0.1` and `fd00::1` are not; `ff02::1` and `224.0.0.1` are. */
  get isMulticast(): boolean {
    const first = this.words[0] as number;
    return this.family === 4 ? first >>> 28 === 0xe : first >>> 24 === 0xff;
  }

  /** 127.0.0.0/8 or ::1. */
  get isLoopback(): boolean {
    if (this.family === 4) return (this.words[0] as number) >>> 24 === 127;
    return this.words.every((word, i) => word === (i === 3 ? 1 : 0));
  }

  /** 169.254.0.0/16 or fe80::/10. */
  get isLinkLocal(): boolean {
    const first = this.words[0] as number;
    return this.family === 4 ? first >>> 16 === 0xa9fe : first >>> 22 === 0x3fa;
  }

  /** All bits zero: `0.0.0.0` or `::`. */
  get isUnspecified(): boolean {
    return this.words.every((word) => word === 0);
  }

  /** Network byte order, four or sixteen bytes. */
  bytes(): number[] {
    return this.words.flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]);
  }

  /** Canonical text: dotted decimal, or RFC 5952. */
  toString(): string {
    if (this.family === 6) return formatV6(this.words);
    // Keys of tables are text: this is the most called function of a walk.
    const word = this.words[0] as number;
    return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** The word of a netmask whose `length` bits start at this word; clamps at 0 and 32. */
function maskWord(length: number): number {
  if (length <= 0) return 0;
  return length >= 32 ? 0xffffffff : ~(0xffffffff >>> length);
}

/** Dotted decimal to its 32-bit word; leading zeros are refused, because some readers take them for octal. */
function parseV4(text: string): number | undefined {
  let word = 0;
  let at = 0;
  for (let dots = 0; ; dots++, at++) {
    let octet = digit(text, at);
    if (octet >>> 0 > 9) return undefined;
    let next = digit(text, ++at);
    // Two digits more at most, and no loop over them: the text of an address is read more often than anything else.
    if (next >>> 0 <= 9) {
      if (octet === 0) return undefined;
      octet = octet * 10 + next;
      next = digit(text, ++at);
      if (next >>> 0 <= 9) {
        octet = octet * 10 + next;
        if (octet > 255) return undefined;
        next = digit(text, ++at);
      }
    }
    word = (word << 8) | octet;
    if (dots === 3) return at === text.length ? word >>> 0 : undefined;
    if (next !== DOT) return undefined;
  }
}

/** What stands at a place, counted from the digit 0; -1 behind the end. */
function digit(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) - 48 : -1;
}

/** A dot, counted so. */
const DOT = -2;

function parseV6(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [left, right] = halves.map(groups);
  if (!left || (halves.length === 2 && !right)) return undefined;
  const missing = 8 - left.length - (right?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...left, ...Array<number>(halves.length === 2 ? missing : 0).fill(0), ...(right ?? [])];
  return [0, 2, 4, 6].map((i) => (((all[i] as number) << 16) | (all[i + 1] as number)) >>> 0);
}

/** The 16-bit groups of one side of `::`; a dotted tail counts as two. */
function groups(half: string): number[] | undefined {
  if (half === "") return [];
  const result: number[] = [];
  const parts = half.split(":");
  for (const [i, part] of parts.entries()) {
    if (part.includes(".") && i === parts.length - 1) {
      const word = parseV4(part);
      if (word === undefined) return undefined;
      result.push(word >>> 16, word & 0xffff);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      result.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return result;
}

/** RFC 5952: the longest run of at least two zero groups becomes `::`, the first one on a tie. */
function formatV6(words: readonly number[]): string {
  const all = words.flatMap((word) => [word >>> 16, word & 0xffff]);
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && all[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (best.length < 2) return hex(all);
  return `${hex(all.slice(0, best.start))}::${hex(all.slice(best.start + best.length))}`;
}
