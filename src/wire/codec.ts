import type { Header, HeaderKind, Packet } from "./header.ts";

/** What the datagrams to a UDP port carry; `ip` is a bare IP packet. */
export type Tunnel = "vxlan" | "geneve" | "ip" | "wireguard";

/** The stretch of a packet that one header and everything behind it fill. */
export interface Region {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** The neighbours a header's lengths, checksums and type fields follow from. */
export interface Around {
  readonly outer: Header | undefined;
  readonly inner: Header | undefined;
  encode(packet: Packet): Uint8Array;
}

/** Bytes that are to be taken apart. */
export interface Extent {
  readonly bytes: Uint8Array;
  /** Where they start, counted in bytes from the start of the outermost header. */
  readonly offset: number;
  /** How many there are said to be: more than `bytes` holds when a quote was cut short. */
  readonly length: number;
}

/** A region to take apart, and what the headers around it have told of it. */
export interface Input extends Extent, Region {
  /** The region is the start of a fragmented datagram: what its header says of the whole cannot be checked. */
  readonly partial: boolean;
  readonly outer: Header | undefined;
  readonly tunnels: ReadonlyMap<number, Tunnel>;
  /**
   * Takes a quoted packet apart; gives `undefined` where not even its IP header is whole. Absent where quotes are nested
   * too deep to be followed.
   */
  readonly quoted: ((extent: Extent) => Packet | undefined) | undefined;
}

/** A header that has been read, and where and how to go on. */
export interface Decoded<H extends Header> {
  readonly header: H;
  /** Where the body starts and how long it is said to be, in bytes; `start` counts from the start of the header. */
  readonly start: number;
  readonly length: number;
  /** What the body is; `payload` also when it is empty. */
  readonly next: HeaderKind;
  /** The protocol number or ethertype that named `next`. */
  readonly protocol?: number;
  /** The body is the start of a fragmented datagram. */
  readonly partial?: boolean;
}

/**
 * One protocol: from header to bytes and back.
 *
 * `decode` returns `undefined` when a header is well-formed but says more than its type can hold, or when it was cut
 * off; the bytes then stay a payload. It throws `DecodeError` when they are wrong.
 */
export interface Codec<H extends Header> {
  /** The bytes in front of the body. */
  size(header: H): number;
  /** The bytes behind a body of `length`, for the one protocol that has any. */
  behind?(header: H, length: number, inner: Header | undefined): number;
  /** Writes the header into a region whose body is already in place. */
  encode(header: H, region: Region, around: Around): void;
  decode(input: Input): Decoded<H> | undefined;
}

/** Bytes that are no such packet: which protocol, what is wrong, and at which byte of what was given. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
  readonly protocol: HeaderKind;
  readonly problem: string;
  readonly offset: number;

  constructor(protocol: HeaderKind, problem: string, offset: number) {
    super(`${protocol}: ${problem} (byte ${offset})`);
    this.protocol = protocol;
    this.problem = problem;
    this.offset = offset;
  }
}

/** A region over all of `bytes`. */
export function regionOf(bytes: Uint8Array): Region {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
}

/** Whether the end of this region is missing, by a quote or by fragmentation. */
export function isCut(input: Input): boolean {
  return input.partial || input.length > input.bytes.length;
}

/** Whether the region holds `size` bytes; throws `DecodeError` when it does not though nothing was cut off. */
export function holds(input: Input, protocol: HeaderKind, size: number): boolean {
  if (input.bytes.length >= size) return true;
  if (isCut(input)) return false;
  throw new DecodeError(protocol, `truncated: ${input.bytes.length} of ${size} bytes`, input.offset);
}

/** Throws `DecodeError` unless `found`, read at byte `at` of the region, is `wanted`. */
export function expect(
  input: Input,
  protocol: HeaderKind,
  field: { readonly name: string; readonly at: number; readonly found: number; readonly wanted: number },
): void {
  if (field.found === field.wanted) return;
  const problem = `${field.name} is ${hex(field.found)}, not ${hex(field.wanted)}`;
  throw new DecodeError(protocol, problem, input.offset + field.at);
}

function hex(n: number): string {
  return `0x${n.toString(16)}`;
}
