import { Ip } from "../addr/ip.ts";
import { type Mac, macBytes, macOf } from "../addr/mac.ts";

/** Reads the six bytes of a MAC address. */
export function macAt(view: DataView, at: number): Mac {
  return macOf([0, 1, 2, 3, 4, 5].map((i) => view.getUint8(at + i)));
}

export function putMac(view: DataView, at: number, mac: Mac): void {
  for (const [i, byte] of macBytes(mac).entries()) view.setUint8(at + i, byte);
}

/** Reads an address: four bytes or sixteen. */
export function ipAt(view: DataView, at: number, family: 4 | 6): Ip {
  return family === 4
    ? Ip.of(view.getUint32(at))
    : Ip.of(view.getUint32(at), view.getUint32(at + 4), view.getUint32(at + 8), view.getUint32(at + 12));
}

/** Writes an address; throws when it is not of `family`. */
export function putIp(view: DataView, at: number, { ip, family }: { readonly ip: Ip; readonly family: 4 | 6 }): void {
  if (ip.family !== family) throw new Error(`${ip} in an IPv${family} field`);
  for (const [i, word] of ip.words.entries()) view.setUint32(at + 4 * i, word);
}

/** Throws unless a length fits the sixteen bits it is written into. */
export function sixteenBits(length: number, of: string): number {
  if (length > 0xffff) throw new Error(`${of} of ${length} bytes: 65535 at most`);
  return length;
}
