import { spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { setTimeout as later } from "node:timers/promises";
import { expect, test } from "vitest";
import { run } from "../../src/lab/helper.ts";
import { lacking, leftOut } from "./needs.ts";
import { sweep, sweepAfterwards } from "./sweep.ts";

const PREFIX = "cnisweep-";
const NETNS = `${PREFIX}1`;
const FOLDER = `/run/${PREFIX}folder`;

const lacks = lacking(["ip"]);

if (lacks.length > 0) leftOut("nobody was seen to clean up after a kill", lacks);
else {
  test("what a killed test leaves behind is taken away: processes, namespaces, folders", async () => {
    sweep(PREFIX);
    const keeper = sweepAfterwards(PREFIX);
    run(["ip", "netns", "add", NETNS]);
    mkdirSync(FOLDER);
    const daemon = spawn("ip", ["netns", "exec", NETNS, "sleep", "60"], { detached: true, stdio: "ignore" });
    const ended = new Promise((resolve) => daemon.once("exit", (_, signal) => resolve(signal)));
    while (run(["ip", "netns", "pids", NETNS]).text.trim() === "") await later(20);
    // A kill closes the pipe, and so does this.
    keeper.stdin?.destroy();
    expect(await ended).toBe("SIGKILL");
    await new Promise((resolve) => keeper.once("exit", resolve));
    expect([existsSync(`/run/netns/${NETNS}`), existsSync(FOLDER)]).toEqual([false, false]);
  });
}
