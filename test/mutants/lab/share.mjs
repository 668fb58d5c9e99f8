import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTests } from "../tests.mjs";

const RECORD = "test/mutants/lab/record.ts";
const COMPARE = "test/mutants/lab/compare.ts";
const VERIFY = "test/mutants/lab/verify.ts";

/**
 * How many mutants `lab verify` notices. As root: kernels are asked once, and every mutant of a mode or of the data plane
 * is held against what they said; those of modes are also made labs of, from their own tables. Where CNI_TRACE_GUEST names
 * a kernel, a guest is asked too. What was said is kept where CNI_TRACE_RECORDS names a folder, and then asked once.
 */
export async function noticedByLabs(mutants) {
  const kept = process.env.CNI_TRACE_RECORDS;
  process.env.CNI_TRACE_RECORDS ??= mkdtempSync(join(tmpdir(), "cni-trace-records-"));
  const tests = await openTests({ include: ["test/mutants/lab/*.ts"], testTimeout: 600_000 });
  const of = (room) => mutants.filter(({ file }) => file.startsWith(`src/${room}/`));
  try {
    const asked = existsSync(join(process.env.CNI_TRACE_RECORDS, "0"));
    if (!asked && (await tests.fails(undefined, [RECORD]))) throw new Error("labs disagree without a mutant");
    await tell(tests, "of the data plane", of("dataplane"), COMPARE);
    await tell(tests, "of modes, held against a kernel with the right tables", of("modes"), COMPARE);
    await tell(tests, "of modes, in labs made of their own tables", of("modes"), VERIFY);
    console.log(`${of("diagnose").length} mutants of diagnoses: not tried, because a kernel says no codes`);
  } finally {
    await tests.close();
    if (kept === undefined) rmSync(process.env.CNI_TRACE_RECORDS, { recursive: true });
  }
}

async function tell(tests, what, mutants, test) {
  let noticed = 0;
  for (const { file, breaks, before, after } of mutants) {
    if (await tests.fails({ file, edit: (code) => code.replace(before, () => after) }, [test])) noticed++;
    else console.log(`unseen  ${file}: ${breaks}`);
  }
  console.log(`${noticed} of ${mutants.length} mutants ${what} are noticed`);
}
