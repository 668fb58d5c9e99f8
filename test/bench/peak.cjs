// Preloaded into a process, says at its end how much memory it has touched at most, in bytes.
process.on("exit", () => process.stderr.write(`peak ${process.resourceUsage().maxRSS * 1024}\n`));
