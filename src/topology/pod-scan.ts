import { JsonCursor } from "./json-cursor.ts";
import { parseListen } from "./listen.ts";
import { v4Word } from "./v4-word.ts";

/**
 * The pods of a JSON text as columns of numbers, read straight from the text: no object is made for any of them.
 *
 * For the plain case only. What is out of the ordinary (an escape, an IPv6 address, a name with dots, an unknown key)
 * ends the scan; then `JSON.parse` reads the pods like everything else, and the checks that can explain look at them.
 */
export interface PodColumns {
  readonly text: string;
  readonly size: number;
  /** Offsets behind the opening quote of each name, and of each value. */
  readonly names: Int32Array;
  readonly values: Int32Array;
  /** Which of `hostNames` each pod runs on. */
  readonly hosts: Int32Array;
  readonly hostNames: readonly string[];
  /** Pinned IPv4 addresses as words, where `flags` says so. */
  readonly addresses: Uint32Array;
  /** FNV-1a hashes of the names, and of pinned device names. */
  readonly hashes: Int32Array;
  readonly devices: Int32Array;
  readonly flags: Uint8Array;
}

export const HAS_ADDRESS = 1;
export const HAS_DEVICE = 2;
export const ON_HOST_NETWORK = 4;
export const HAS_LISTEN = 8;

/** Where the map of pods stands in a JSON text, brace to brace, and what is in it. */
export interface PodSection {
  readonly start: number;
  readonly end: number;
  readonly columns: PodColumns;
}

/** Scans the map under the first key `pods`; `undefined` when there is none, or none so plain. */
export function scanPods(text: string): PodSection | undefined {
  const key = text.indexOf('"pods"');
  if (key < 0) return undefined;
  const cursor = new JsonCursor(text, key + 6);
  cursor.pass(COLON);
  if (cursor.peek() !== OPEN) return undefined;
  const start = cursor.at;
  const host = hostReader(cursor);
  let columns = grown(undefined, 4096);
  let size = 0;
  for (let more = cursor.enter(OPEN, CLOSE); more; more = cursor.more(CLOSE)) {
    if (size === columns.names.length) columns = grown(columns, size * 2);
    const name = cursor.passHashed();
    if (!isPlainName(text, name, cursor.at - 1)) cursor.good = false;
    columns.names[size] = name;
    columns.hashes[size] = cursor.hash;
    cursor.pass(COLON);
    const isText = cursor.peek() === QUOTE;
    columns.values[size] = cursor.at;
    if (isText) columns.hosts[size] = host();
    else readPod(cursor, columns, size, host);
    size++;
  }
  if (!cursor.good) return undefined;
  return { start, end: cursor.at, columns: { ...columns, text, size, hostNames: host.names } };
}

type Columns = Omit<PodColumns, "text" | "size" | "hostNames">;

/** Passes a pod's map and notes what it says. */
function readPod(cursor: JsonCursor, columns: Columns, pod: number, host: () => number): void {
  let seen = 0;
  let flags = 0;
  for (let more = cursor.enter(OPEN, CLOSE); more; more = cursor.more(CLOSE)) {
    const start = cursor.passText();
    const key = keyOf(cursor, start);
    // A key that stands twice has to be told of.
    if ((seen & key) !== 0) cursor.good = false;
    seen |= key;
    cursor.pass(COLON);
    if (key === HOST) columns.hosts[pod] = host();
    else if (key === ADDRESS) {
      columns.addresses[pod] = passAddress(cursor);
      flags |= HAS_ADDRESS;
    } else if (key === DEVICE) {
      if (!isDeviceAt(cursor, cursor.passHashed())) cursor.good = false;
      columns.devices[pod] = cursor.hash;
      flags |= HAS_DEVICE;
    } else if (key === LABELS) passLabels(cursor);
    else if (key === LISTEN) {
      passListen(cursor);
      flags |= HAS_LISTEN;
    } else if (key === HOST_NETWORK && cursor.passTrue()) flags |= ON_HOST_NETWORK;
    else cursor.good = false;
  }
  if ((seen & HOST) === 0) cursor.good = false;
  columns.flags[pod] = flags;
}

const HOST = 1;
const ADDRESS = 2;
const DEVICE = 4;
const LABELS = 8;
const LISTEN = 16;
const HOST_NETWORK = 32;

function keyOf(cursor: JsonCursor, start: number): number {
  if (cursor.was("host", start)) return HOST;
  if (cursor.was("address", start)) return ADDRESS;
  if (cursor.was("device", start)) return DEVICE;
  if (cursor.was("labels", start)) return LABELS;
  if (cursor.was("listen", start)) return LISTEN;
  return cursor.was("hostNetwork", start) ? HOST_NETWORK : 0;
}

function passAddress(cursor: JsonCursor): number {
  const start = cursor.passText();
  const word = v4Word(cursor.text, start, cursor.at - 1);
  if (word < 0) cursor.good = false;
  return word;
}

/** The letters of `isDevice`, less the dot. */
function isDeviceAt({ text, at }: JsonCursor, start: number): boolean {
  for (let i = start; i < at - 1; i++) {
    const code = text.charCodeAt(i);
    if (code <= 32 || code === DOT || code === SLASH || code === COLON) return false;
  }
  return at - 1 > start && at - 1 - start <= 15;
}

/** Passes a few labels; keys that may be equal, and more than a few, are left to the thorough reader. */
function passLabels(cursor: JsonCursor): void {
  let [first, second, third, count] = [0, 0, 0, 0];
  for (let more = cursor.enter(OPEN, CLOSE); more; more = cursor.more(CLOSE)) {
    cursor.passHashed();
    const { hash } = cursor;
    if ((count > 0 && hash === first) || (count > 1 && hash === second) || (count > 2 && hash === third))
      cursor.good = false;
    if (count === 0) first = hash;
    else if (count === 1) second = hash;
    else if (count === 2) third = hash;
    if (++count > 4) cursor.good = false;
    cursor.pass(COLON);
    cursor.passText();
  }
}

function passListen(cursor: JsonCursor): void {
  for (let more = cursor.enter(OPEN_LIST, CLOSE_LIST); more; more = cursor.more(CLOSE_LIST)) {
    const start = cursor.passText();
    if (!parseListen(cursor.text.slice(start, cursor.at - 1))) cursor.good = false;
  }
}

/** Passes a host's name and answers its number; pods of one host mostly stand together. */
function hostReader(cursor: JsonCursor): (() => number) & { readonly names: readonly string[] } {
  const names: string[] = [];
  const numbers = new Map<string, number>();
  let last = "";
  let number = -1;
  const read = () => {
    const start = cursor.passText();
    if (number >= 0 && cursor.was(last, start)) return number;
    last = cursor.text.slice(start, cursor.at - 1);
    const known = numbers.get(last);
    number = known ?? names.length;
    if (known !== undefined) return number;
    numbers.set(last, number);
    names.push(last);
    return number;
  };
  return Object.assign(read, { names });
}

/** Letters, digits and dashes, a letter first, with a namespace other than `default` or with none. */
function isPlainName(text: string, start: number, end: number): boolean {
  let slashes = 0;
  let before = SLASH;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code >= 97 && code <= 122) {
      before = code;
      continue;
    }
    // Only a letter may follow the start or a slash, and nothing but letters and digits may come before one.
    if (before === SLASH) return false;
    if (code === SLASH) {
      if (before === DASH || ++slashes > 1 || i - start > 63 || text.startsWith("default/", start)) return false;
    } else if (code !== DASH && (code < 48 || code > 57)) return false;
    before = code;
  }
  return before !== DASH && before !== SLASH && end - start <= 253;
}

function grown(old: Columns | undefined, room: number): Columns {
  const columns = {
    names: new Int32Array(room),
    values: new Int32Array(room),
    hosts: new Int32Array(room),
    addresses: new Uint32Array(room),
    hashes: new Int32Array(room),
    devices: new Int32Array(room),
    flags: new Uint8Array(room),
  };
  if (!old) return columns;
  columns.names.set(old.names);
  columns.values.set(old.values);
  columns.hosts.set(old.hosts);
  columns.addresses.set(old.addresses);
  columns.hashes.set(old.hashes);
  columns.devices.set(old.devices);
  columns.flags.set(old.flags);
  return columns;
}

const QUOTE = 34;
const COLON = 58;
const OPEN = 123;
const CLOSE = 125;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const DASH = 45;
const SLASH = 47;
const DOT = 46;
