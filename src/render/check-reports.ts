import type { Location, Log, ReportingDescriptor, Result } from "sarif";
import type { Checked, CheckedItem } from "./check-text.ts";

/** What each report calls a level; what a baseline accepts is no failure. */
const SARIF_LEVELS = { error: "error", warning: "warning", note: "note" } as const;
const GITHUB_LEVELS = { error: "error", warning: "warning", note: "notice" } as const;

/** Whether a report counts an item. */
function counts({ accepted }: CheckedItem): boolean {
  return accepted !== "accepted";
}

/**
 * Workflow commands that GitHub shows beside the lines of a file
 * (docs.github.com "Workflow commands for GitHub Actions").
 */
export function githubAnnotations({ mode, items, stale }: Checked): string {
  const lines = items.filter(counts).map(({ level, code, text, place }) => {
    const where = place ? `file=${property(place.file)},line=${place.line},col=${place.column},` : "";
    return `::${GITHUB_LEVELS[level]} ${where}title=${property(`${code} (${mode})`)}::${data(text)}`;
  });
  const old = stale.map(({ id, place }) => {
    const where = place ? `file=${property(place.file)},line=${place.line},` : "";
    return `::notice ${where}title=stale baseline::${data(`${id} is not found any more`)}`;
  });
  return [...lines, ...old].map((line) => `${line}\n`).join("");
}

/** As @actions/core escapes them. */
function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** SARIF 2.1.0, a run for each mode. */
export function sarifLog(checks: readonly Checked[], version: string): Log {
  return {
    version: "2.1.0",
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    runs: checks.map(({ mode, items }) => ({
      tool: { driver: { name: "cni-trace", version, rules: rulesOf(items) } },
      automationDetails: { id: `cni-trace/${mode}` },
      results: items.map(sarifResult),
    })),
  };
}

function rulesOf(items: readonly CheckedItem[]): ReportingDescriptor[] {
  const codes = new Set(items.map(({ code }) => code));
  return [...codes].map((id) => ({ id, help: { text: `cni-trace explain ${id}` } }));
}

function sarifResult({ id, level, code, text, place, accepted }: CheckedItem): Result {
  const locations: Location[] = place
    ? [
        {
          physicalLocation: {
            artifactLocation: { uri: encodeURI(place.file) },
            region: { startLine: place.line, startColumn: place.column },
          },
        },
      ]
    : [];
  return {
    ruleId: code,
    level: SARIF_LEVELS[level],
    message: { text },
    locations,
    partialFingerprints: { "cniTrace/v1": id },
    ...(accepted === "accepted" && { suppressions: [{ kind: "external" as const }] }),
  };
}

/** A baseline that accepts everything that was found; who takes it says until when, and why. */
export function baselineText(checks: readonly Checked[]): string {
  const ids = new Map(checks.flatMap(({ items }) => items.map(({ id, count }) => [id, count] as const)));
  const entries = [...ids].map(([id, count]) => `  - id: ${JSON.stringify(id)}\n    count: ${count}\n`);
  const empty = entries.length === 0 ? " []" : "";
  return `cni-trace-baseline: 1\n# Say until when, and why: until: 2027-01-31, reason: ...\naccept:${empty}\n${entries.join("")}`;
}
