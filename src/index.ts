/**
 * cni-trace as a library: load a topology, or make one of Kubernetes objects, build its network in a mode, walk packets,
 * ask, compare, print.
 *
 * A mode writes tables, the walker reads them, and neither knows the other:
 *
 *     loadTopology   text → Topology, or every problem in it
 *     importTopology Kubernetes objects, as texts or bytes → Topology, its mode, and what both rest on
 *     buildNetwork   Topology × Mode → Network: tables, made as they are asked for
 *     walk           Network × packet × state → Trace and the next state
 *     traceQuestion  all of the above, with the reply, the diagnosis and fixes that were walked again
 *     checkQuestion  Topology × Mode → what is wrong with it, before a packet is lost
 *     render…        a Trace, tables or a difference → text or JSON
 */
export { Ip } from "./addr/ip.ts";
export type { Mac } from "./addr/mac.ts";
export { Prefix } from "./addr/prefix.ts";
export type { Send } from "./dataplane/output.ts";
export { EMPTY_STATE, type State } from "./dataplane/state.ts";
export { type WalkOptions, walk } from "./dataplane/walk.ts";
export type { Findings } from "./import/findings.ts";
export { type Imported, type ImportOptions, importTopology } from "./import/import.ts";
export type { Input } from "./import/input.ts";
export { redact } from "./import/redact.ts";
export { writeYaml } from "./import/write.ts";
export type { Netns } from "./kernel/netns.ts";
export type { Network, Segment } from "./kernel/network.ts";
export type { LintFinding, Severity } from "./lint/finding.ts";
export { buildNetwork } from "./modes/build.ts";
export type { Mode } from "./modes/mode.ts";
export { findMode, modes } from "./modes/registry.ts";
export type { Ask } from "./query/answer.ts";
export { type CheckAnswer, type CheckAsk, checkQuestion } from "./query/check.ts";
export { type CheckItem, itemsOf } from "./query/check-items.ts";
export { type Compared, type Comparison, compareModes } from "./query/compare.ts";
export { type DiffAnswer, type DiffSide, diffQuestion } from "./query/diff.ts";
export { traceQuestion } from "./query/trace.ts";
export { checkJson } from "./render/check-json.ts";
export { renderCheck } from "./render/check-text.ts";
export { renderCompare } from "./render/compare.ts";
export { compareJson } from "./render/compare-json.ts";
export { diffJson } from "./render/diff-json.ts";
export { renderDiff } from "./render/diff-text.ts";
export type { Layout } from "./render/layout.ts";
export { type Paint, plain } from "./render/paint.ts";
export { pcapng } from "./render/pcapng.ts";
export { renderTables } from "./render/tables.ts";
export { traceJson } from "./render/trace-json.ts";
export { renderTrace, type TraceOptions } from "./render/trace-text.ts";
export { loadTopology } from "./topology/load.ts";
export type { Outcome, Problem } from "./topology/problem.ts";
export type { Topology } from "./topology/topology.ts";
export type { Answer, Diagnosis, Direction, Fix, Question, Verdict } from "./trace/answer.ts";
export { CODES, type Code, explainCode } from "./trace/codes.ts";
export type { Action, Event } from "./trace/event.ts";
export type { Trace } from "./trace/trace.ts";
export type { Header, Packet } from "./wire/header.ts";
export { decode, encode } from "./wire/stack.ts";
