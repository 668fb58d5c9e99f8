/** A frame as a capture file holds it. */
export interface ReadFrame {
  readonly interface: string;
  readonly linkType: number;
  /** Microseconds. */
  readonly time: number;
  readonly bytes: Uint8Array;
  readonly direction: "in" | "out";
  readonly comment: string;
}

/** A capture file of one section, taken apart by the specification alone. */
export interface ReadCapture {
  readonly version: string;
  readonly application: string;
  readonly comment: string;
  readonly interfaces: readonly { readonly name: string; readonly linkType: number; readonly snapLength: number }[];
  readonly frames: readonly ReadFrame[];
}

interface Block {
  readonly type: number;
  readonly body: DataView;
}

/** Reads what `pcapng` wrote; anything else is an error of the test. */
export function readPcapng(file: Uint8Array): ReadCapture {
  const [header, ...others] = blocksIn(file);
  if (header?.type !== 0x0a0d0d0a || header.body.getUint32(0, true) !== 0x1a2b3c4d) throw new Error("no section");
  const about = optionsIn(header.body, 16);
  const interfaces: ReadCapture["interfaces"][number][] = [];
  const frames: ReadFrame[] = [];
  for (const { type, body } of others) {
    if (type === 1) {
      const name = textOf(optionsIn(body, 8).get(2));
      interfaces.push({ name, linkType: body.getUint16(0, true), snapLength: body.getUint32(4, true) });
    } else if (type === 6) {
      frames.push(frameOf(body, interfaces));
    } else throw new Error(`a block of type ${type}`);
  }
  const version = `${header.body.getUint16(4, true)}.${header.body.getUint16(6, true)}`;
  return { version, application: textOf(about.get(4)), comment: textOf(about.get(1)), interfaces, frames };
}

function* blocksIn(file: Uint8Array): Generator<Block> {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  for (let at = 0; at < file.length; ) {
    const length = view.getUint32(at + 4, true);
    if (length % 4 !== 0 || view.getUint32(at + length - 4, true) !== length) throw new Error(`block at ${at}`);
    yield { type: view.getUint32(at, true), body: new DataView(file.buffer, file.byteOffset + at + 8, length - 12) };
    at += length;
  }
}

function frameOf(body: DataView, interfaces: ReadCapture["interfaces"]): ReadFrame {
  const found = interfaces[body.getUint32(0, true)];
  const length = body.getUint32(12, true);
  if (!found || body.getUint32(16, true) !== length) throw new Error("a frame on no interface, or cut");
  const options = optionsIn(body, 20 + Math.ceil(length / 4) * 4);
  const flags = options.get(2);
  const direction = flags?.getUint32(0, true);
  if (direction !== 1 && direction !== 2) throw new Error("a frame without direction");
  return {
    interface: found.name,
    linkType: found.linkType,
    time: body.getUint32(4, true) * 2 ** 32 + body.getUint32(8, true),
    bytes: new Uint8Array(body.buffer, body.byteOffset + 20, length),
    direction: direction === 1 ? "in" : "out",
    comment: textOf(options.get(1)),
  };
}

function optionsIn(body: DataView, start: number): ReadonlyMap<number, DataView> {
  const options = new Map<number, DataView>();
  for (let at = start; ; ) {
    const code = body.getUint16(at, true);
    const length = body.getUint16(at + 2, true);
    if (code === 0 && at + 4 !== body.byteLength) throw new Error("something stands behind the last option");
    if (code === 0) return options;
    options.set(code, new DataView(body.buffer, body.byteOffset + at + 4, length));
    at += 4 + Math.ceil(length / 4) * 4;
  }
}

function textOf(value: DataView | undefined): string {
  return value ? new TextDecoder("utf-8", { fatal: true }).decode(value) : "";
}
