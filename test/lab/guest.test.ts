import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Network } from "../../src/kernel/network.ts";
import { type Agreement, agreementOf } from "../../src/lab/agree.ts";
import { run } from "../../src/lab/helper.ts";
import { readRecord, writeQuestions } from "../../src/lab/record.ts";
import { type Pair, podPairs, prepare, type VerifyOptions } from "../../src/lab/verify.ts";
import { modes } from "../../src/modes/registry.ts";
import { recorded } from "./agreement.ts";
import { cells, complaint, kernelOf, resultOf } from "./cells.ts";
import { boot } from "./guest/boot.ts";
import { layRoot, PROGRAMS } from "./guest/initramfs.ts";
import { againText, Census, drawings, subjectOf } from "./random.ts";

/** Where a kernel package of Debian's was unpacked: `dpkg-deb -x linux-image-*-cloud-amd64.deb FOLDER`. */
const KERNEL = process.env.CNI_TRACE_GUEST ?? "";
const HOUR = 3_600_000;
/** As many machines at once as small computers have processors. */
const GUESTS = 2;
const SEED = 20261126;
const RANDOM = 30;
const PREFIX = "cnitrace-";

const lacks = [
  ...(existsSync(join(KERNEL, "boot")) ? [] : ["CNI_TRACE_GUEST names no folder with a kernel package in it"]),
  ...[...PROGRAMS, "qemu-system-x86_64"].flatMap((name) =>
    run(["sh", "-c", 'command -v "$1"', "sh", name]).status === 0 ? [] : [`${name} is missing`],
  ),
];

/** A lab to build in the guest. */
interface Lab {
  readonly network: Network;
  readonly pairs: readonly Pair[];
  readonly only?: VerifyOptions["only"];
}

if (lacks.length > 0) {
  test(`LEFT OUT: nothing was compared with a guest's kernel, because ${lacks.join(", ")}`, () => {
    expect(process.env.CI).toBeUndefined();
  });
} else {
  const packaged = (await cells()).map((cell) => ({ ...cell, pairs: podPairs(cell.network, 2) }));
  const drawn = await Promise.all(fc.sample(drawings(modes), { seed: SEED, numRuns: RANDOM }).map(subjectOf));
  const random = drawn.map((subject, k) => ({ ...subject, name: `${k + 1} of ${RANDOM}, ${subject.mode.name}` }));
  const work = mkdtempSync(join(tmpdir(), "cni-trace-guest-"));
  const agreed = new Map<Lab, Agreement>();
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  beforeAll(async () => {
    const root = join(work, "root");
    layRoot(root, KERNEL);
    const labs: readonly Lab[] = [...packaged, ...random];
    const shares = Array.from({ length: GUESTS }, (_, g) => labs.filter((_, k) => k % GUESTS === g));
    const started = performance.now();
    await Promise.all(
      shares.map(async (share, g) => {
        const own = join(work, `${g}`);
        cpSync(root, join(own, "root"), { recursive: true, verbatimSymlinks: true });
        const folders = share.map((lab, k) => ask(lab, join(own, "root/labs", `${k + 1}`)));
        await boot(join(own, "root"), KERNEL, own);
        share.forEach((lab, k) => {
          agreed.set(lab, answered(lab, folders[k] ?? ""));
        });
      }),
    );
    console.log(`${labs.length} labs in ${GUESTS} guests: ${Math.round((performance.now() - started) / 1000)} s`);
  }, HOUR);

  describe("a mode on a topology is the guest's kernel's in every frame, both ways", () => {
    test.each(packaged)("$mode on $topology", (lab) => {
      const agreement = agreed.get(lab);
      expect(agreement && complaint(agreement)).toBe("");
    });
  });

  test("as many frames were compared as the README says", () => {
    const agreements = packaged.flatMap((lab) => agreed.get(lab) ?? []);
    const results = agreements.map(resultOf);
    expect(results).toEqual(recorded(kernelOf(agreements[0] as Agreement), results));
  });

  describe(`random topologies, most of them broken, are the guest's kernel's in every frame (seed ${SEED})`, () => {
    test.each(random)("$name", (lab) => {
      const agreement = agreed.get(lab);
      expect(agreement && complaint(agreement), againText(lab)).toBe("");
    });

    test("more than half of them were broken", () => {
      const census = new Census();
      for (const lab of random) census.count(lab, agreed.get(lab) ?? { pairs: [] });
      console.log(census.text());
      expect(census.broken / census.all).toBeGreaterThanOrEqual(0.6);
    });
  });
}

/** Writes what the guest is asked about a lab into a folder, and answers the folder. */
function ask({ network, pairs, only }: Lab, folder: string): string {
  mkdirSync(folder);
  const { mode, topology } = network;
  const job = prepare(network, pairs, { prefix: PREFIX, ...(only && { only }) });
  writeQuestions(folder, { text: "", topology, mode, set: [], fault: [] }, job);
  return folder;
}

function answered({ network }: Lab, folder: string): Agreement {
  const record = readRecord(folder, network);
  if (!record.ok) throw new Error(JSON.stringify(record.problems));
  return agreementOf(network, record.value.questions, record.value.answers, []);
}
