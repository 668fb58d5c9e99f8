import { cpSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Network } from "../../../src/kernel/network.ts";
import { type Agreement, agreementOf } from "../../../src/lab/agree.ts";
import { run } from "../../../src/lab/helper.ts";
import { readRecord, writeQuestions } from "../../../src/lab/record.ts";
import { type Cases, prepare } from "../../../src/lab/verify.ts";
import { boot } from "./boot.ts";
import { layRoot, PROGRAMS } from "./initramfs.ts";

/** Where a kernel package of Debian's was unpacked: `dpkg-deb -x linux-image-*-cloud-amd64.deb FOLDER`. */
const KERNEL = process.env.CNI_TRACE_GUEST ?? "";
const PREFIX = "cnitrace-";

/** What is missing for a guest, a sentence each; nothing when there can be one. */
export const GUEST_LACKS: readonly string[] = [
  ...(existsSync(join(KERNEL, "boot")) ? [] : ["CNI_TRACE_GUEST names no folder with a kernel package in it"]),
  ...[...PROGRAMS, "qemu-system-x86_64"].flatMap((name) =>
    run(["sh", "-c", 'command -v "$1"', "sh", name]).status === 0 ? [] : [`${name} is missing`],
  ),
];

/** A lab to build, and what is sent in it. */
export interface Lab {
  readonly network: Network;
  readonly cases: Cases;
}

/** Has labs answered by guests, as many at once as asked, one boot each; the folder of each lab below `work`. */
export async function answerInGuests(labs: readonly Lab[], guests: number, work: string): Promise<readonly string[]> {
  const root = join(work, "root");
  layRoot(root, KERNEL);
  const shares = Array.from({ length: guests }, (_, g) => labs.filter((_, k) => k % guests === g));
  const folders = await Promise.all(
    shares.map(async (share, g) => {
      const own = join(work, `${g}`);
      cpSync(root, join(own, "root"), { recursive: true, verbatimSymlinks: true });
      const asked = share.map((lab, k) => ask(lab, join(own, "root/labs", `${k + 1}`)));
      await boot(join(own, "root"), KERNEL, own);
      return asked;
    }),
  );
  return labs.map((_, k) => folders[k % guests]?.[Math.floor(k / guests)] ?? "");
}

/** Writes what a kernel is asked about a lab into a folder, and answers the folder. */
function ask({ network, cases }: Lab, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const { mode, topology } = network;
  const source = { text: "", topology, mode, set: [], fault: [] };
  writeQuestions(folder, source, prepare(network, cases, PREFIX));
  return folder;
}

/** How a model and what a kernel answered in a folder get on. */
export function answered(network: Network, folder: string): Agreement {
  const record = readRecord(folder, network);
  if (!record.ok) throw new Error(JSON.stringify(record.problems));
  return agreementOf(network, record.value.questions, record.value.answers);
}
