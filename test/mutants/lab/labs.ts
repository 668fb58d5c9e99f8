import { existsSync } from "node:fs";
import { join } from "node:path";
import { disagreementsOf } from "../../../src/lab/report.ts";
import { casesBetween, podPairs } from "../../../src/lab/verify.ts";
import { cells } from "../../lab/cells.ts";
import { answered, type Lab } from "../../lab/guest/answer.ts";
import { needsTunnels, showings } from "../../lab/shown.ts";

/** Where the answers of kernels are kept while mutants are compared with them. */
const RECORDS = process.env.CNI_TRACE_RECORDS ?? "";

/** A lab that mutants are shown, and the folder of its record. */
export interface Shown extends Lab {
  readonly folder: string;
  /** Whether it takes devices that not every kernel has. */
  readonly tunnels: boolean;
}

/** The packaged topologies on which modes differ most, and the tables of every diagnosis. */
const TOPOLOGIES = ["two-nodes", "two-subnets"];

/** Those with a packet or two first: they notice soonest. */
export async function labs(): Promise<readonly Shown[]> {
  const packaged = (await cells()).filter(({ topology }) => TOPOLOGIES.includes(topology));
  const all = [
    ...(await showings()),
    ...packaged.map(({ network }) => ({ network, cases: casesBetween(network, podPairs(network, 2)) })),
  ];
  return all.map(({ network, cases }, k) => {
    return { network, cases, folder: join(RECORDS, `${k}`), tunnels: needsTunnels(network) };
  });
}

/** Whether the model still agrees with every record; stops at the first that it does not agree with. */
export async function firstDisagreement(): Promise<string | undefined> {
  for (const { network, folder } of (await labs()).filter((lab) => existsSync(lab.folder))) {
    const [found] = disagreementsOf(answered(network, folder));
    if (found) return `${network.mode} on ${network.topology}: ${found.case}, ${found.about}`;
  }
  return undefined;
}
