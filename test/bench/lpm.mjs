// Longest-prefix match on 5,000 routes and a default, from an address as text to what stands under its prefix, beside
// npm packages that answer the same question from text alone. All answers are compared before anything is timed; each is timed in a
// process of its own, as it would be used, and its fastest pass counts.
//   npm ci --prefix test/bench/peers    brings the packages
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";

const GOAL = 5;
const peers = createRequire(join(import.meta.dirname, "peers/package.json"));
const dist = (file) => import(join(import.meta.dirname, "../../dist", file));

/** Every way to look one up, of addresses that `read` may have made something else of; `slow` asks for so many fewer. */
const MAKERS = {
  ours: async (routes) => {
    const { read, find } = await MAKERS["ours, the address read before"](routes);
    return { find: (text) => find(read(text)) };
  },
  // Inside the program addresses are words: they are text at its edges alone.
  "ours, the address read before": async (routes) => {
    const [{ PrefixTrie }, { Ip }, { Prefix }] = await Promise.all(
      ["kernel/prefix-trie.js", "addr/ip.js", "addr/prefix.js"].map(dist),
    );
    const trie = PrefixTrie.of(routes.map(([prefix, value]) => [Prefix.parse(prefix), value]));
    return { read: Ip.parse, find: (ip) => trie.match(ip)?.items[0] };
  },
  // Rules, tables, metrics, devices that are up, and which rows lost.
  "ours, the kernel's whole fib_lookup": async (routes) => {
    const [{ Netlink }, { fibLookup }, { Ip }, { Prefix }] = await Promise.all(
      ["kernel/netlink.js", "kernel/fib.js", "addr/ip.js", "addr/prefix.js"].map(dist),
    );
    const node = new Netlink("host/node", "host", { all: () => [], byIp: () => [], byMac: () => [] });
    const mac = "02:00:00:00:00:01";
    node.link({ kind: "nic", name: "eth0", mac, mtu: 1500, segment: "lan", by: "operator" });
    node.address("eth0", Ip.parse("172.16.0.1"), 16, { by: "operator" });
    const names = new Map();
    for (const [i, [prefix, value]] of routes.entries()) {
      const via = Ip.parse(`172.16.${1 + (i >> 8)}.${i & 255}`);
      node.route({ dst: Prefix.parse(prefix), via, by: "operator" });
      names.set(prefix, value);
    }
    const find = (address) => names.get(`${fibLookup(node.netns, { dst: Ip.parse(address) })?.route.dst}`);
    return { find, slow: 10 };
  },
  "arkime-iptrie": (routes) => {
    const { IPTrie } = peers("arkime-iptrie");
    const trie = new IPTrie();
    for (const [prefix, value] of routes) {
      const [address, length] = prefix.split("/");
      trie.add(address, Number(length), { value });
    }
    return { find: (address) => trie.find(address)?.value };
  },
  "ip-router": (routes) => {
    const router = new (peers("ip-router"))();
    for (const [prefix, value] of routes) router.insert(prefix, value);
    return { find: (address) => router.route(address), slow: 10 };
  },
  "longest-prefix-match": (routes) => {
    const module = peers("longest-prefix-match");
    const table = new (module.default ?? module)();
    for (const [prefix, value] of routes) table.addPrefix(prefix, value);
    // It takes a default route and never finds it.
    return { find: (address) => table.getMatch(`${address}/32`)[0] ?? "default", slow: 10 };
  },
  "ipaddr.js": (routes) => {
    const ipaddr = peers("ipaddr.js");
    const rows = routes.map(([prefix, value]) => [ipaddr.parseCIDR(prefix), value]);
    const find = (text) => {
      const address = ipaddr.parse(text);
      return rows.find(([cidr]) => address.match(cidr))?.[1];
    };
    return { find, slow: 1000 };
  },
};

const [, script, alone] = process.argv;
if (script === import.meta.filename) console.log(await fastest(alone));

/** Prints nanoseconds a lookup and how they compare; whether the goal was missed. */
export async function lpm() {
  console.log("\nlongest-prefix match, 5,000 routes, from text: nanoseconds of one lookup");
  const asked = addresses();
  const { find: ours } = await MAKERS.ours(routes());
  const times = new Map();
  for (const [name, make] of Object.entries(MAKERS)) {
    const made = await present(name, make);
    if (!made) continue;
    const { find, read = asIs, slow = 1 } = made;
    for (let i = 0; i < asked.length; i += slow) {
      const [said, meant] = [find(read(asked[i])), ours(asked[i])];
      if (said !== meant) throw new Error(`${name} finds ${said} for ${asked[i]}, and ours ${meant}`);
    }
    const { stdout, stderr, status } = spawnSync(process.execPath, [import.meta.filename, name], { encoding: "utf8" });
    if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
    times.set(name, Number(stdout));
    console.log(`  ${name.padEnd(42)}${times.get(name).toFixed(0).padStart(9)}`);
  }
  const packages = [...times].filter(([name]) => !name.startsWith("ours"));
  if (packages.length === 0) return false;
  const [best, took] = packages.reduce((a, b) => (a[1] <= b[1] ? a : b));
  const [text, read] = ["ours", "ours, the address read before"].map((name) => took / times.get(name));
  const missed = text < GOAL;
  console.log(
    `  ${text.toFixed(1)} × the best package, ${best}, and ${read.toFixed(1)} × once the address is read; ` +
      `goal ≥ ${GOAL} ×: ${missed ? "missed" : "met"}`,
  );
  return missed;
}

async function present(name, make) {
  try {
    return await make(routes());
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    console.log(`  ${name.padEnd(42)} LEFT OUT: it is not installed; npm ci --prefix test/bench/peers`);
    return undefined;
  }
}

function asIs(text) {
  return text;
}

function routes() {
  const shares = Array.from({ length: 5000 }, (_, k) => [`10.${(k + 1) >> 8}.${(k + 1) & 255}.0/24`, `node-${k + 1}`]);
  return [...shares, ["0.0.0.0/0", "default"]];
}

/** Addresses in the routes, and some that only the default covers; the same in every run. */
function addresses() {
  let state = 12345;
  return Array.from({ length: 20_000 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const k = ((state >>> 8) % 5400) + 1;
    const text = `10.${k >> 8}.${k & 255}.${2 + (state >>> 27)}`;
    // As it comes out of a file, and not as V8 keeps what was put together.
    return Buffer.from(text).toString("latin1");
  });
}

/** Nanoseconds of one lookup in the fastest of many passes, each of which is too short to be interrupted often. */
async function fastest(name) {
  const { find, read = asIs, slow = 1 } = await MAKERS[name](routes());
  const asked = addresses().map((text) => read(text));
  let least = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < 200; pass++) {
    const start = process.hrtime.bigint();
    let count = 0;
    for (let i = 0; i < asked.length; i += slow) if (find(asked[i]) !== undefined) count++;
    least = Math.min(least, Number(process.hrtime.bigint() - start) / count);
  }
  return least;
}
