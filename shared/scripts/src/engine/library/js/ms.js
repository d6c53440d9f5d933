// `ms`: spans of time as texts. https://github.com/vercel/ms#readme
(function (exports, module) {
  'use strict';
  const SECOND = 1000;
  const DAY = 24 * 3600 * SECOND;
  const units = [
    [/^(?:milliseconds?|msecs?|ms)?$/i, 1],
    [/^(?:seconds?|secs?|s)$/i, SECOND],
    [/^(?:minutes?|mins?|m)$/i, 60 * SECOND],
    [/^(?:hours?|hrs?|h)$/i, 3600 * SECOND],
    [/^(?:days?|d)$/i, DAY],
    [/^(?:weeks?|w)$/i, 7 * DAY],
    [/^(?:years?|yrs?|y)$/i, 365.25 * DAY],
  ];

  module.exports = function ms(value) {
    if (typeof value === 'string' && value.length <= 100) {
      const [, number, unit] = /^(-?(?:\d+)?\.?\d+) *([a-z]*)$/i.exec(value) ?? [];
      const [, factor] = units.find(([names]) => unit !== undefined && names.test(unit)) ?? [];
      return factor === undefined ? undefined : Number(number) * factor;
    }
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw new Error(`val is not a non-empty string or a valid number. val=${JSON.stringify(value)}`);
    }
    const [factor, letter] = [[DAY, 'd'], [3600 * SECOND, 'h'], [60 * SECOND, 'm'], [SECOND, 's']]
      .find(([span]) => Math.abs(value) >= span) ?? [1, 'ms'];
    return `${Math.round(value / factor)}${letter}`;
  };
})
