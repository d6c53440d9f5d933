// Runs once per context: defines `require` and the globals that scripts name, each made on first use.
(function (global, find, explain, globals) {
  'use strict';
  const loaded = new Map();

  // Modules of the library can require each other, including the `internal/` ones.
  function use(name) {
    const known = loaded.get(name);
    if (known) return known.exports;
    const found = find(name);
    if (found === undefined) return undefined;
    if (typeof found === 'string') return use(found);
    const [code, host] = found;
    const module = { exports: {} };
    loaded.set(name, module);
    code(module.exports, module, use, host);
    return module.exports;
  }

  function require(request) {
    if (typeof request !== 'string' || request === '') {
      throw new TypeError('require takes the name of a module');
    }
    // `node:crypto`, `lodash@4.17.21`, `uuid@3.3.2/v4`: there is one version of each.
    const name = request.replace(/^node:/, '').replace(/(?<=[^/])@[^/]*/, '');
    const exports = name.startsWith('internal/') ? undefined : use(name);
    if (exports !== undefined) return exports;
    const member = /^(lodash|uuid)\/(\w+)$/.exec(name);
    if (member) return use(member[1])[member[2]];
    const error = new Error(explain(name));
    error.code = 'MODULE_NOT_FOUND';
    throw error;
  }

  function keep(name, value) {
    Object.defineProperty(global, name, { value, writable: true, configurable: true });
    return value;
  }

  function lazily(name, module, member) {
    Object.defineProperty(global, name, {
      configurable: true,
      get: () => keep(name, member === undefined ? use(module) : use(module)[member]),
      set: (value) => keep(name, value),
    });
  }

  keep('require', require);
  for (const [name, module, member] of globals) lazily(name, module, member);
})
