// Preloaded into a process, says at its end how much memory it has touched at most, in bytes, and how long it has used a
// processor, in microseconds.
process.on("exit", () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  process.stderr.write(`peak ${maxRSS * 1024} cpu ${userCPUTime + systemCPUTime}\n`);
});
