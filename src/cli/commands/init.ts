import { STARTER } from "../../topology/init.ts";
import type { Run } from "../run.ts";

/** `init`: a commented topology file to start from. */
export const init: Run = (_args, _flags, io) => {
  io.write(STARTER);
  return 0;
};
