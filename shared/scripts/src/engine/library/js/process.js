// The global `process`: only harmless values that common code reads, nothing of the real process.
(function (exports, module) {
  'use strict';
  const nanoseconds = () => BigInt(Date.now()) * 1000000n;
  function hrtime(since) {
    const now = Date.now();
    const [seconds, rest] = [Math.floor(now / 1000), (now % 1000) * 1e6];
    if (!since) return [seconds, rest];
    return rest < since[1] ? [seconds - since[0] - 1, rest - since[1] + 1e9] : [seconds - since[0], rest - since[1]];
  }
  hrtime.bigint = nanoseconds;

  module.exports = {
    env: {}, argv: [], version: 'v22.0.0', versions: { node: '22.0.0' }, platform: 'linux',
    nextTick: (work, ...list) => queueMicrotask(() => work(...list)),
    hrtime, uptime: () => 0,
  };
})
