import junit, { type Builder } from "junit-report-builder";
import type { Checked } from "./check-text.ts";

/** JUnit's XML: a suite for each mode, a case for each thing that could be wrong, and what is wrong as a failure. */
export function junitReport(checks: readonly Checked[]): string {
  // Its types speak of `exports.default`; what its file exports is the builder itself.
  const report = (junit as unknown as Builder).newBuilder();
  for (const { mode, topology, items, pairs, expected } of checks) {
    const suite = report.testSuite().name(`cni-trace check ${mode} on ${topology}`);
    const className = `cni-trace.${mode}`;
    for (const { id, level, code, text, place, accepted } of items) {
      const one = suite.testCase().className(className).name(id);
      if (place) one.file(`${place.file}:${place.line}`);
      if (accepted === "accepted" || level === "note") one.standardOutput(text);
      else one.failure(text, code);
    }
    // What holds is told too: a report without a case says nothing was looked at.
    for (const { name } of expected.filter(({ holds }) => holds)) {
      suite.testCase().className(className).name(`expect/${name}`);
    }
    if (pairs && !items.some(({ id }) => id.startsWith("pairs/"))) {
      suite.testCase().className(className).name("pairs");
    }
    if (!items.some(({ id }) => id.startsWith("lint/"))) suite.testCase().className(className).name("lint");
  }
  return `${report.build().trimEnd()}\n`;
}
