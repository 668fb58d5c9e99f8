import { writeSync } from "node:fs";

/** Writes all of a text or of bytes, waiting for a slow reader; false when nobody reads any more. */
export function writeWhole(fd: number, text: string | Uint8Array): boolean {
  const bytes = typeof text === "string" ? Buffer.from(text, "utf8") : text;
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      const code = codeOf(error);
      if (code === "EPIPE" || code === "EOF" || code === "EBADF") return false;
      if (code !== "EAGAIN") throw error;
      rest();
    }
  }
  return true;
}

/** Waits a little for the other end of a pipe that does not block. */
export function rest(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
}

/** `EPIPE` and its like; `undefined` for what is no error of the system. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
