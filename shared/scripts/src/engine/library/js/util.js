// `util`. https://nodejs.org/docs/latest-v22.x/api/util.html
(function (exports) {
  'use strict';
  const custom = Symbol.for('nodejs.util.promisify.custom');

  function promisify(work) {
    if (typeof work !== 'function') throw new TypeError('The "original" argument must be of type function');
    if (work[custom]) return work[custom];
    return function (...list) {
      return new Promise((resolve, reject) => {
        work.call(this, ...list, (error, value) => (error ? reject(error) : resolve(value)));
      });
    };
  }
  promisify.custom = custom;

  const callbackify = (work) => function (...list) {
    const callback = list.pop();
    work.apply(this, list).then(
      (value) => queueMicrotask(() => callback(null, value)),
      (error) => queueMicrotask(() => callback(error ?? new Error('Promise was rejected with a falsy value'))),
    );
  };

  const quoted = (text) => {
    const quote = !text.includes("'") ? "'" : !text.includes('"') ? '"' : !text.includes('`') ? '`' : "'";
    const inner = text.replace(/[\n\t\r\b\f\v\\]/g, (character) => JSON.stringify(character).slice(1, -1));
    return quote + (quote === "'" ? inner.replaceAll("'", "\\'") : inner) + quote;
  };
  const key = (name) => (typeof name === 'symbol' ? `[${name.toString()}]` : /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name));

  function primitive(value) {
    if (typeof value === 'string') return quoted(value);
    if (typeof value === 'bigint') return `${value}n`;
    return Object.is(value, -0) ? '-0' : String(value);
  }

  // Prints as Node does, but always on one line.
  function inspect(value, options, ...older) {
    const depth = typeof options === 'object' ? options?.depth : older[0];
    return show(value, depth === undefined ? 2 : depth ?? Infinity, []);
  }

  function show(value, depth, inside) {
    if (typeof value === 'function') return value.name ? `[${kindOf(value)}${kindOf(value) === 'class' ? '' : ':'} ${value.name}]` : `[${kindOf(value)} (anonymous)]`;
    if (value === null || typeof value !== 'object') return primitive(value);
    if (inside.includes(value)) return '[Circular *1]';
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (value instanceof RegExp) return String(value);
    if (value instanceof Error) return value.stack ? `${value.name}: ${value.message}\n${value.stack}`.trimEnd() : `[${value.name}: ${value.message}]`;
    if (value instanceof Promise) return 'Promise { ... }';
    const name = value.constructor?.name ?? (Object.getPrototypeOf(value) === null ? '[Object: null prototype]' : 'Object');
    if (globalThis.Buffer.isBuffer(value)) return `<Buffer${[...value.subarray(0, 50)].map((byte) => ` ${byte.toString(16).padStart(2, '0')}`).join('')}>`;
    if (depth < 0) return Array.isArray(value) ? '[Array]' : `[${name}]`;
    const inner = (one) => show(one, depth - 1, [...inside, value]);
    if (Array.isArray(value) || globalThis.ArrayBuffer?.isView(value)) {
      const shown = Array.prototype.map.call(value.slice(0, 100), inner);
      if (value.length > 100) shown.push(`... ${value.length - 100} more item${value.length > 101 ? 's' : ''}`);
      return braced(Array.isArray(value) ? '' : `${name}(${value.length}) `, '[', shown, ']');
    }
    if (value instanceof Set) return braced(`Set(${value.size}) `, '{', [...value].map(inner), '}');
    if (value instanceof Map) return braced(`Map(${value.size}) `, '{', [...value].map(([one, other]) => `${inner(one)} => ${inner(other)}`), '}');
    const shown = Reflect.ownKeys(value)
      .map((one) => [one, Object.getOwnPropertyDescriptor(value, one)])
      .filter(([, property]) => property.enumerable)
      .map(([one, property]) => `${key(one)}: ${property.get ? (property.set ? '[Getter/Setter]' : '[Getter]') : inner(property.value)}`);
    return braced(name === 'Object' ? '' : `${name} `, '{', shown, '}');
  }
  const braced = (name, open, shown, close) => {
    if (shown.length === 0) return `${name}${open}${close}`;
    return `${name}${open} ${shown.join(', ')} ${close}`;
  };
  const kindOf = (value) => (/^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : value.constructor?.name ?? 'Function');

  function format(...list) {
    const [first, ...rest] = list;
    if (typeof first !== 'string') return list.map((one) => (typeof one === 'string' ? one : inspect(one))).join(' ');
    const text = first.replace(/%([sdifjoOc%])/g, (whole, letter) => {
      if (letter === '%') return list.length > 1 ? '%' : whole;
      if (rest.length === 0) return whole;
      const value = rest.shift();
      switch (letter) {
        case 's': return typeof value === 'string' ? value : typeof value === 'object' && value !== null && !(value instanceof Error) ? inspect(value, { depth: 0 })
          : typeof value === 'function' ? String(value) : primitive(value);
        case 'd': return typeof value === 'object' ? 'NaN' : primitive(typeof value === 'bigint' ? value : Number(value));
        case 'i': return typeof value === 'object' ? 'NaN' : primitive(parseInt(value, 10));
        case 'f': return primitive(parseFloat(value));
        case 'j': try { return JSON.stringify(value); } catch { return '[Circular]'; }
        case 'c': return '';
        default: return inspect(value, { depth: letter === 'o' ? 4 : 2 });
      }
    });
    return [text, ...rest.map((one) => (typeof one === 'string' ? one : inspect(one)))].join(' ');
  }

  function inherits(constructor, parent) {
    Object.defineProperty(constructor, 'super_', { value: parent, writable: true, configurable: true });
    Object.setPrototypeOf(constructor.prototype, parent.prototype);
  }

  Object.assign(exports, {
    promisify, callbackify, inspect, format, inherits,
    deprecate: (work) => work,
    isArray: Array.isArray,
    isDeepStrictEqual: (a, b) => globalThis._.isEqual(a, b),
    isString: (value) => typeof value === 'string', isNumber: (value) => typeof value === 'number', isBoolean: (value) => typeof value === 'boolean',
    isObject: (value) => value !== null && typeof value === 'object', isFunction: (value) => typeof value === 'function',
    isUndefined: (value) => value === undefined, isNull: (value) => value === null, isNullOrUndefined: (value) => value === null || value === undefined,
    isDate: (value) => value instanceof Date, isRegExp: (value) => value instanceof RegExp, isError: (value) => value instanceof Error,
  });
})
