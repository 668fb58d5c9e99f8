/** Hosts start at .11 of their rack's subnet; .1 is the rack's router. */
export const FIRST_HOST = 11;

export function rackName(rack: number): string {
  return padded("rack", rack, 3);
}

/** The router of a rack, counted from 1. */
export function torName(rack: number): string {
  return padded("tor", rack, 3);
}

/** A host by its index from 0. */
export function hostName(index: number): string {
  return padded("node", index + 1, 4);
}

/** The index of a host's name below `size`; -1 when it is not generated. */
export function hostIndex(name: string, size: number): number {
  return indexOf(/^node-(\d{4,})$/, name, size, hostName);
}

/** A pod by its index from 0. */
export function podName(index: number): string {
  return padded("default/pod", index + 1, 6);
}

/** The index of a pod's name below `size`; -1 when it is not generated. */
export function podIndex(name: string, size: number): number {
  return indexOf(/^default\/pod-(\d{6,})$/, name, size, podName);
}

/** The number must be written as we write it: `node-00001` is nobody. */
function indexOf(pattern: RegExp, name: string, size: number, nameOf: (index: number) => string): number {
  const number = Number(pattern.exec(name)?.[1] ?? 0);
  return number >= 1 && number <= size && nameOf(number - 1) === name ? number - 1 : -1;
}

function padded(word: string, number: number, width: number): string {
  return `${word}-${String(number).padStart(width, "0")}`;
}

/** The AS of a rack: 64511 and its number, so rack-001 has Calico's default. */
export function rackAs(rack: number): number {
  return 64511 + rack;
}
