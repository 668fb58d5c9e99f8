import type { Direction } from "../trace/answer.ts";
import type { ShownComparison, ShownMode } from "./compare.ts";
import { fields, type Json, plainOf, SCHEMA_VERSION } from "./json.ts";

/** The answer to `compare` as plain data; `schemas.ts` has its schema. */
export function compareJson({ topology, compared, refused }: ShownComparison): { readonly [key: string]: Json } {
  const question = compared[0]?.answer.question;
  return fields({
    schemaVersion: SCHEMA_VERSION,
    kind: "compare",
    topology,
    packet: question && {
      src: question.src.name,
      dst: question.dst.name,
      protocol: question.protocol,
      size: question.size,
      df: question.df,
    },
    modes: compared.map(modeJson),
    refused: refused.map(({ mode, problems }) => ({
      mode: mode.name,
      problems: problems.map(({ message }) => message),
    })),
  });
}

function modeJson({ mode, answer, delivers, fabric, contract, holds, settings }: ShownMode): Json {
  const { verdict, code, forward, reply } = answer;
  return fields({
    mode: mode.name,
    family: mode.family,
    delivers,
    verdict,
    code,
    forward: directionJson(forward),
    reply: reply && directionJson(reply),
    fabric,
    contract: contract.map((each) => plainOf(each)),
    holds: holds && plainOf(holds),
    learns: mode.learns,
    settings: settings.map((each) => plainOf(each)),
    deprecated: mode.deprecated && plainOf(mode.deprecated),
  });
}

function directionJson({ diagnosis, ttl, headerBytes, pathMtu, crossings, trace }: Direction): Json {
  const { verdict, code, at, because } = diagnosis;
  const headers = trace.sent[0]?.kind === "ipv6" ? 60 : 40;
  return fields({
    verdict,
    code,
    at,
    because: because.map((finding) => ({ code: finding.code, at: finding.at })),
    ttl,
    headerBytes,
    pathMtu,
    mss: pathMtu === undefined ? undefined : pathMtu - headers,
    crossings: plainOf(crossings),
  });
}
