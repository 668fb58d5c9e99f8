import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/** Untouched until something is read into it. */
const SHARED = Buffer.allocUnsafeSlow(2 ** 20);

/**
 * What stands in a file, in a buffer that the next call writes over: memory that a process touches for the first time
 * costs it more than the reading.
 */
export function contents(file: string): Buffer {
  const fd = openSync(file, "r");
  try {
    const size = readSync(fd, SHARED);
    return size < SHARED.length ? SHARED.subarray(0, size) : readFileSync(file);
  } finally {
    closeSync(fd);
  }
}
