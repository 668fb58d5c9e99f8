import { deathOf } from "./death.ts";
import type { Fact } from "./fact.ts";
import { misdetected } from "./misdetected.ts";
import { duplicates, neighbourCauses, staleNeighbours } from "./neighbour-causes.ts";
import { routingCauses } from "./routing-causes.ts";
import type { Loss } from "./scene.ts";
import { tooWide } from "./size.ts";
import { staleEntries } from "./tunnel.ts";
import { handshakeLoss } from "./wireguard.ts";

/** Every group of rules that looks for what led to a loss, in the order of the layers. */
const groups: readonly ((loss: Loss) => readonly Fact[])[] = [
  duplicates,
  misdetected,
  routingCauses,
  staleNeighbours,
  staleEntries,
  neighbourCauses,
  handshakes,
  tooWide,
];

/** What became of the handshake that the packet waited for. */
function handshakes(loss: Loss): readonly Fact[] {
  const lost = handshakeLoss(loss);
  return lost ? [deathOf(lost)] : [];
}

/** Earlier facts behind a death, each once; none that the death itself already says. */
export function causesOf(loss: Loss, death: Fact): readonly Fact[] {
  const seen = new Set([`${death.code} ${death.at}`]);
  return groups
    .flatMap((group) => group(loss))
    .filter(({ code, at }) => !seen.has(`${code} ${at}`) && seen.add(`${code} ${at}`));
}
