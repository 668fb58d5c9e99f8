/** A setting's key as sysctl(8) takes it: a dot in a device's name is written as a slash. */
function keyText(key: string): string {
  return key.replace(/^(net\.ipv[46]\.(?:conf|neigh))\.(.+)\.([^.]+)$/, (_all, head, dev: string, leaf) =>
    [head, dev.replaceAll(".", "/"), leaf].join("."),
  );
}

/** The command that sets it: `sysctl -w net.ipv4.conf.flannel/1.rp_filter=0`. */
export function sysctlCommand(key: string, value: string): string {
  return `sysctl -w ${keyText(key)}=${value}`;
}
