// `range_check`: addresses and networks. https://github.com/keverw/range_check#readme
(function (exports) {
  'use strict';
  // The bits of an IPv4 address as a number, or `undefined`.
  function number4(text) {
    const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1);
    // A leading zero might mean octal.
    if (!parts || parts.some((part) => Number(part) > 255 || /^0\d/.test(part))) return undefined;
    return parts.reduce((number, part) => (number << 8n) | BigInt(part), 0n);
  }

  function number6(text) {
    let groups = text;
    const tail = /^(.*:)([\d.]+)$/.exec(text);
    if (tail && tail[2].includes('.')) {
      const last = number4(tail[2]);
      if (last === undefined) return undefined;
      groups = `${tail[1]}${(last >> 16n).toString(16)}:${(last & 0xffffn).toString(16)}`;
    }
    const halves = groups.split('::');
    if (halves.length > 2) return undefined;
    const [head, rest = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
    const missing = 8 - head.length - rest.length;
    if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
    const all = [...head, ...Array(missing).fill('0'), ...rest];
    if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
    return all.reduce((number, group) => (number << 16n) | BigInt(`0x${group}`), 0n);
  }

  // An IPv4-mapped IPv6 address counts as the IPv4 address.
  function parse(text) {
    const four = number4(String(text));
    if (four !== undefined) return { bits: 32, number: four };
    const six = number6(String(text));
    if (six === undefined) return undefined;
    return six >> 32n === 0xffffn ? { bits: 32, number: six & 0xffffffffn, mapped: true } : { bits: 128, number: six };
  }

  function network(range) {
    const [address, length, more] = String(range).split('/');
    const parsed = parse(address);
    if (!parsed || more !== undefined || (length !== undefined && !/^\d{1,3}$/.test(length))) return undefined;
    const given = length === undefined ? parsed.bits : Number(length) - (parsed.mapped ? 96 : 0);
    return given >= 0 && given <= parsed.bits ? { ...parsed, length: given } : undefined;
  }

  function inRange(address, range) {
    if (Array.isArray(range)) return range.some((one) => inRange(address, one));
    const [ip, net] = [parse(address), network(range)];
    if (!ip || !net || ip.bits !== net.bits) return false;
    const rest = BigInt(net.bits - net.length);
    return ip.number >> rest === net.number >> rest;
  }

  const version = (text) => (number4(String(text)) !== undefined ? 4 : number6(String(text)) !== undefined ? 6 : 0);
  const isRange = (text) => String(text).includes('/') && network(text) !== undefined;
  const names = {
    in_range: inRange, inRange,
    valid_ip: (text) => version(text) !== 0, isIP: (text) => version(text) !== 0, vaild_ip: (text) => version(text) !== 0,
    ver: version, version, isV4: (text) => version(text) === 4, isV6: (text) => version(text) === 6,
    valid_range: isRange, isRange, vaild_range: isRange,
  };
  Object.assign(exports, names);
})
