import { Ip } from "../addr/ip.ts";
import { type Mac, parseMac } from "../addr/mac.ts";
import { Prefix } from "../addr/prefix.ts";

/** Longer than any command a person types; bounds the time that reading one can take. */
const LONGEST = 4096;

/** A word of a command and where it starts, counted from 0. */
export interface Word {
  readonly text: string;
  readonly offset: number;
}

/** A command that cannot be read; it never leaves the files that read commands. */
class Misread extends Error {
  readonly offset: number;
  readonly hint: string | undefined;

  constructor(message: string, offset: number, hint?: string) {
    super(message);
    this.offset = offset;
    this.hint = hint;
  }
}

/** What reading a command comes to: the thing read, or one sentence on what is wrong and where. */
export type Reading<T> = ({ readonly ok: true } & T) | Unreadable;

export interface Unreadable {
  readonly ok: false;
  readonly message: string;
  /** Where in the text, counted from 0. */
  readonly offset: number;
  /** The nearest valid word, or what to do instead. */
  readonly hint?: string;
}

/** Reads a text with `read`, and turns its misreading into an answer. */
export function reading<T extends object>(text: string, read: (words: Words) => T): Reading<T> {
  try {
    const words = new Words(text);
    const value = read(words);
    words.end();
    return { ok: true, ...value };
  } catch (error) {
    if (!(error instanceof Misread)) throw error;
    const { message, offset, hint } = error;
    return { ok: false, message, offset, ...(hint !== undefined && { hint }) };
  }
}

/** The words of a command, read from left to right. Every refusal names the word that is wrong. */
export class Words {
  readonly #words: readonly Word[];
  readonly #length: number;
  #at = 0;

  constructor(text: string) {
    this.#words = split(text);
    this.#length = text.length;
  }

  get done(): boolean {
    return this.#at >= this.#words.length;
  }

  /** The next word without taking it; empty at the end. */
  get ahead(): string {
    return this.#words[this.#at]?.text ?? "";
  }

  /** Takes the next word; `what` says what is missing when there is none. */
  next(what: string): string {
    const word = this.#words[this.#at];
    if (!word) throw new Misread(`${what} is missing at the end`, this.#length);
    this.#at++;
    return word.text;
  }

  /** Takes the next word if it is one of these. */
  take(...spellings: readonly string[]): boolean {
    if (this.done || !spellings.includes(this.ahead)) return false;
    this.#at++;
    return true;
  }

  /** Says what is wrong with the word taken last. */
  refuse(message: string, hint?: string): never {
    throw new Misread(message, this.#words[Math.max(0, this.#at - 1)]?.offset ?? 0, hint);
  }

  /** Says what is wrong with the next word. */
  refuseAhead(message: string, hint?: string): never {
    throw new Misread(message, this.#words[this.#at]?.offset ?? this.#length, hint);
  }

  /** The nearest of some words to the word taken last, or to the next one. */
  nearestTo(known: Iterable<string>): string | undefined {
    return nearest(this.#words[this.#at - 1]?.text ?? "", known);
  }

  nearestAhead(known: Iterable<string>): string | undefined {
    return nearest(this.ahead, known);
  }

  /** Takes a word that must be one of these, or may be the beginning of one: the first in order wins, as in iproute2. */
  keyword<K extends string>(what: string, known: readonly K[], shortens: readonly K[] = known): K {
    const word = this.next(what);
    const found =
      known.find((candidate) => candidate === word) ?? shortens.find((full) => word !== "" && full.startsWith(word));
    return found ?? this.refuse(`unknown ${what} ${quoted(word)}`, nearest(word, known));
  }

  end(): void {
    if (!this.done) this.refuseAhead(`unexpected ${quoted(this.ahead)}`);
  }

  device(): string {
    const name = this.next("a device name");
    return /^[^\s/:]{1,15}$/.test(name) && name !== "." && name !== ".."
      ? name
      : this.refuse(`${quoted(name)} is no device name: at most 15 characters without "/" or ":"`);
  }

  ip(family?: 4 | 6): Ip {
    const text = this.next("an address");
    const ip = Ip.parse(text) ?? this.refuse(`${quoted(text)} is no IP address`);
    if (family !== undefined && ip.family !== family) this.refuse(`${text} is not an IPv${family} address`);
    return ip;
  }

  /** A network without host bits, or one address. */
  prefix(family?: 4 | 6): Prefix {
    const text = this.next("a prefix");
    const prefix = Prefix.parse(text);
    if (!prefix) {
      const [address = "", length = ""] = text.split("/");
      const ip = Ip.parse(address);
      const fits = ip && /^[0-9]{1,3}$/.test(length) && Number(length) <= ip.bits;
      if (fits) this.refuse(`${text} has host bits set`, `${Prefix.of(ip, Number(length))}`);
      this.refuse(`${quoted(text)} is no prefix`, "10.244.2.0/24");
    }
    if (family !== undefined && prefix.family !== family) this.refuse(`${text} is not an IPv${family} prefix`);
    return prefix;
  }

  mac(): Mac {
    const text = this.next("a MAC address");
    return parseMac(text) ?? this.refuse(`${quoted(text)} is no MAC address`, "02:00:00:00:00:01");
  }

  /** A decimal or 0x number. */
  number(what: string, least: number, most: number): number {
    const text = this.next(what);
    return parseNumber(text, least, most) ?? this.refuse(`${what} must be ${least} to ${most}, not ${quoted(text)}`);
  }
}

/** A decimal or 0x number between two bounds; `undefined` when it is not. */
export function parseNumber(text: string, least: number, most: number): number | undefined {
  if (!/^([0-9]{1,10}|0x[0-9a-fA-F]{1,8})$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}

/** A word as a message shows it: in quotes, cut short when long. */
export function quoted(word: string): string {
  return JSON.stringify(word.length > 40 ? `${word.slice(0, 40)}…` : word);
}

/** The candidate that differs from `word` in the fewest letters, when that is few enough to be a slip. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > 40) return undefined;
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (
      distance <= Math.max(1, Math.ceil(candidate.length / 3)) &&
      distance < (best?.distance ?? Number.POSITIVE_INFINITY)
    ) {
      best = { candidate, distance };
    }
  }
  return best?.candidate;
}

/** Levenshtein's distance, where two swapped neighbours count as one slip. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      }
      row.push(least);
    }
    [before, above] = [above, row];
  }
  return above[b.length] ?? 0;
}

/**
 * Splits a line into words as a shell does with plain words, quotes and a trailing comment. What a shell would do more
 * than that (several commands, substitution, globbing) is refused: a command is read, never run.
 */
function split(text: string): readonly Word[] {
  if (text.length > LONGEST) throw new Misread(`a command has at most ${LONGEST} characters`, LONGEST);
  const words: Word[] = [];
  let i = 0;
  while (i < text.length) {
    if (text[i] === " " || text[i] === "\t") {
      i++;
      continue;
    }
    if (text[i] === "#") break;
    const word = readWord(text, i);
    words.push({ text: word.text, offset: i });
    i = word.end;
  }
  return words;
}

function readWord(text: string, start: number): { readonly text: string; readonly end: number } {
  let word = "";
  let quote = "";
  let i = start;
  for (; i < text.length; i++) {
    const char = text[i] ?? "";
    if (quote === '"' && char === "\\" && ESCAPED.includes(text[i + 1] ?? " ")) word += text[++i] ?? "";
    else if (char === quote) quote = "";
    else if (quote === "" && (char === '"' || char === "'")) quote = char;
    else if (quote === "" && (char === " " || char === "\t")) break;
    else if (isForbidden(char, quote)) throw new Misread(forbidden(char), i, "one command, in plain words");
    else word += char;
  }
  if (quote !== "") throw new Misread(`a quote ${quote} is not closed`, start);
  return { text: word, end: i };
}

/** What a backslash takes the meaning from inside double quotes. */
const ESCAPED = '"\\$`';

function isForbidden(char: string, quote: string): boolean {
  if (char < " " || char === "\u007f") return true;
  if (quote === "'") return false;
  return (quote === '"' ? "$`\\" : "$`\\;|&<>()*?[]{}").includes(char);
}

function forbidden(char: string): string {
  const shown = char < " " || char === "\u007f" ? "a control character or line break" : `"${char}"`;
  return `${shown} belongs to a shell, and nothing here is run by one`;
}
