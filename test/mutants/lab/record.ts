import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeAnswers, writeQuestions } from "../../../src/lab/record.ts";
import { takeDown } from "../../../src/lab/up.ts";
import { verify } from "../../../src/lab/verify.ts";
import { answerInGuests, GUEST_LACKS } from "../../lab/guest/answer.ts";
import { firstDisagreement, labs } from "./labs.ts";

/* What kernels do with the labs that mutants are shown: this machine's, and a guest's for what it has no devices for. */

const PREFIX = "cnimuta-";
const all = await labs();
afterAll(() => takeDown(PREFIX));

test.each(all.filter(({ tunnels }) => !tunnels))(
  "this kernel answers $folder",
  ({ network, cases, folder }) => {
    const { job, answers } = verify(network, cases, PREFIX);
    const { mode, topology } = network;
    mkdirSync(folder);
    writeQuestions(folder, { text: "", topology, mode, set: [], fault: [] }, job);
    writeAnswers(folder, answers);
  },
  120_000,
);

test.skipIf(GUEST_LACKS.length > 0)(
  "a guest answers the others",
  async () => {
    const work = mkdtempSync(join(tmpdir(), "cni-trace-guest-"));
    const others = all.filter(({ tunnels }) => tunnels);
    const folders = await answerInGuests(others, 1, work);
    others.forEach(({ folder }, k) => {
      cpSync(folders[k] ?? "", folder, { recursive: true });
    });
    rmSync(work, { recursive: true });
  },
  3_600_000,
);

test("the model as it is agrees with all of them", async () => {
  expect(await firstDisagreement()).toBe(undefined);
}, 600_000);
