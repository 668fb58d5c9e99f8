import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { PREFIX } from "../../src/lab/names.ts";

const COMMAND = fileURLToPath(new URL("../../bin/cni-trace.cjs", import.meta.url));
const SEED = 20261126;
const KILLS = 20;
/** A forwarder that was just started looks once a second whether it is still wanted. */
const PATIENCE = 5000;

function cniTrace(...args: readonly string[]): { readonly status: number | null; readonly text: string } {
  const done = spawnSync(process.execPath, [COMMAND, "lab", ...args], { encoding: "utf8" });
  return { status: done.status, text: `${done.stdout}${done.stderr}` };
}

const LAB = ["-t", "two-nodes", "--mode", "flannel-udp"];

/** Everything on this machine that a lab could have left: its own by name, and what is outside of every namespace. */
function traces(): object {
  const outside = (...argv: readonly string[]) => spawnSync("ip", argv, { encoding: "utf8" }).stdout;
  const named = (folder: string) => readdirSync(folder).filter((name) => name.startsWith(PREFIX));
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  return {
    namespaces: named("/run/netns"),
    mounts: mounts.filter((line) => line.includes(PREFIX)),
    files: [...named("/run"), ...named("/tmp")],
    processes: processes(),
    devices: outside("-br", "link"),
    routes: outside("route", "show", "table", "all"),
  };
}

/** Command lines that name the lab. */
function processes(): readonly string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid) || pid === `${process.pid}`) return [];
    try {
      const line = readFileSync(join("/proc", pid, "cmdline"), "utf8").replaceAll("\0", " ");
      return line.includes(PREFIX) && line.includes("helper.py") ? [line] : [];
    } catch {
      return [];
    }
  });
}

/** What is there once nothing changes for the better any more. */
async function settled(wanted: object): Promise<object> {
  const until = performance.now() + PATIENCE;
  while (JSON.stringify(traces()) !== JSON.stringify(wanted) && performance.now() < until) await sleep(100);
  return traces();
}

/** Numbers between 0 and 1 that are the same in every run. */
function* drawn(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

// Says what is missing, and how long a lab takes to make here; the mode has processes, files and devices to leave.
const begun = performance.now();
const possible = cniTrace("up", ...LAB);
const longest = 1.5 * (performance.now() - begun);
cniTrace("down");

if (possible.status === 3) {
  test(`LEFT OUT: no lab was killed, because ${possible.text}`, () => {
    expect(process.env.CI).toBeUndefined();
  });
} else {
  test(`${KILLS} labs killed at random moments leave nothing behind (seed ${SEED})`, async () => {
    mkdirNetns();
    const before = traces();
    expect(before).toMatchObject({ namespaces: [], mounts: [], files: [], processes: [] });
    const draw = drawn(SEED);
    let inTheMiddle = 0;
    for (let k = 0; k < KILLS; k++) {
      const action = k % 2 === 0 ? "verify" : "up";
      const after = draw.next().value * longest;
      const lab = spawn(process.execPath, [COMMAND, "lab", action, ...LAB], { detached: true, stdio: "ignore" });
      await sleep(after);
      // The whole group: nobody of it lives to tidy up.
      if (lab.exitCode === null) process.kill(-(lab.pid as number), "SIGKILL");
      const left = JSON.stringify(traces()) !== JSON.stringify(before);
      if (left) inTheMiddle++;
      const said = `${action} killed after ${Math.round(after)} ms`;
      // Now and then the next lab tidies up, and is taken down in its turn.
      if (k % 4 === 3) expect(cniTrace("up", ...LAB), said).toMatchObject({ status: 0 });
      expect(cniTrace("down"), said).toEqual({ status: 0, text: "" });
      expect(await settled(before), said).toEqual(before);
    }
    console.log(`${inTheMiddle} of ${KILLS} kills left something for down to take away`);
    expect(inTheMiddle).toBeGreaterThan(KILLS / 3);
  }, 900_000);
}

/** `ip netns` makes its folder with the first namespace, and leaves it. */
function mkdirNetns(): void {
  spawnSync("ip", ["netns", "add", `${PREFIX}first`]);
  spawnSync("ip", ["netns", "del", `${PREFIX}first`]);
}
