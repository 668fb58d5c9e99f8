/** What stood on the command line behind a command, as text: every value is checked by whoever uses it. */
export interface Flags {
  readonly topology?: readonly string[];
  readonly mode?: string;
  readonly fault?: readonly string[];
  readonly set?: readonly string[];
  readonly ascii?: true;
  readonly verbose?: true;
  readonly quiet?: true;
  readonly brief?: true;
  readonly why?: true;
  readonly commands?: true;
  readonly minimal?: true;
  readonly traceroute?: true;
  readonly oneWay?: true;
  readonly cold?: true;
  readonly count?: string;
  readonly allBranches?: true;
  readonly expect?: string;
  readonly protocol?: string;
  readonly sport?: string;
  readonly size?: string;
  readonly ttl?: string;
  readonly df?: string;
  readonly ipv4?: true;
  readonly ipv6?: true;
  readonly only?: string;
  readonly rows?: true;
  readonly exitZero?: true;
  readonly failOn?: string;
  readonly failAny?: string;
  readonly lint?: true;
  readonly baseline?: string;
  readonly on?: string;
  readonly require?: string;
  readonly contract?: true;
  readonly families?: true;
  readonly questions?: true;
  readonly format?: string;
  readonly write?: string;
  readonly redact?: true;
  readonly to?: string;
  readonly from?: string;
}

/** What was asked for: a command's name, its arguments, its flags. */
export interface Request {
  readonly command: string;
  readonly args: readonly string[];
  readonly flags: Flags;
}
