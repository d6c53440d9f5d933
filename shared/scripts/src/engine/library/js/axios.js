// `axios`. https://axios-http.com/docs/api_intro
(function (exports, module, require) {
  'use strict';
  const { URL, URLSearchParams } = require('internal/whatwg_url');
  const http = require('internal/http');

  class AxiosError extends Error {
    constructor(message, code, config, request, response) {
      super(message);
      Object.assign(this, { name: 'AxiosError', code, config, request });
      if (response) Object.assign(this, { response, status: response.status });
      Object.defineProperty(this, 'isAxiosError', { value: true });
    }
    toJSON() {
      return { message: this.message, name: this.name, code: this.code, status: this.status ?? null };
    }
  }

  // Parameters as axios writes them: arrays as `a[]`, absent values left out.
  function queryOf(params, serializer) {
    if (!params) return '';
    if (typeof serializer === 'function') return serializer(params);
    if (params instanceof URLSearchParams) return params.toString();
    const escape = (text) => encodeURIComponent(text).replace(/%(?:3A|24|2C|5B|5D)/gi, decodeURIComponent).replaceAll('%20', '+');
    const text = (value) => (value instanceof Date ? value.toISOString() : typeof value === 'object' ? JSON.stringify(value) : String(value));
    return Object.entries(params)
      .flatMap(([name, value]) => (Array.isArray(value) ? value.map((one) => [`${name}[]`, one]) : [[name, value]]))
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => `${escape(name)}=${escape(text(value))}`)
      .join('&');
  }

  function addressOf(config) {
    const isWhole = /^(?:[a-z][a-z\d+.-]*:)?\/\//i.test(config.url ?? '');
    let address = config.url ?? '';
    if (config.baseURL && !isWhole) {
      address = address ? `${config.baseURL.replace(/\/+$/, '')}/${address.replace(/^\/+/, '')}` : config.baseURL;
    }
    const query = queryOf(config.params, config.paramsSerializer?.serialize ?? config.paramsSerializer);
    address = query ? address.replace(/#.*$/s, '') + (address.includes('?') ? '&' : '?') + query : address;
    if (!URL.canParse(address)) throw new AxiosError('Invalid URL', 'ERR_INVALID_URL', config);
    return address;
  }

  // The body of a request, and its default content type.
  function dataOf(data, headers) {
    if (data === undefined || data === null) return {};
    const type = headers.get('content-type') ?? '';
    if (data instanceof URLSearchParams) return { text: data.toString(), type: 'application/x-www-form-urlencoded;charset=utf-8' };
    if (typeof data === 'object' && !ArrayBuffer.isView(data) && !(data instanceof ArrayBuffer)) {
      if (type.includes('application/x-www-form-urlencoded')) return { text: new URLSearchParams(data).toString() };
      return { text: JSON.stringify(data), type: 'application/json' };
    }
    const text = typeof data === 'string' || typeof data === 'object' ? http.bodyOf(data).text : JSON.stringify(data);
    return { text, type: 'application/x-www-form-urlencoded' };
  }

  function messageOf(config) {
    const headers = new Map([['accept', 'application/json, text/plain, */*'], ...http.headerList(config.headers)]);
    const method = String(config.method ?? 'get').toUpperCase();
    const { text, type } = dataOf(config.data, headers);
    if (type && !headers.has('content-type')) headers.set('content-type', type);
    if (config.auth) headers.set('authorization', http.basic(config.auth.username, config.auth.password));
    return { method, url: addressOf(config), headers: [...headers], body: text, timeout: config.timeout, signal: config.signal };
  }

  function received(body, config) {
    if (config.responseType === 'arraybuffer') return require('buffer').Buffer.from(body);
    if (config.responseType === 'text' || body === '') return body;
    try {
      return JSON.parse(body);
    } catch {
      return body;
    }
  }

  // The error of a request without a response.
  function failed(error, config) {
    const { message, code, timeout, stack: _, ...about } = error;
    let made = new AxiosError(message, code ?? 'ERR_NETWORK', config, {});
    if (timeout !== undefined) made = new AxiosError(config.timeoutErrorMessage ?? message, 'ECONNABORTED', config, {});
    else if (message === 'aborted') made = new AxiosError('stream has been aborted', 'ERR_BAD_RESPONSE', config, {});
    else Object.assign(made, about);
    return Object.assign(made, { cause: error });
  }

  async function perform(config) {
    const message = messageOf(config);
    let answer;
    try {
      answer = await http.send(message);
    } catch (error) {
      if (config.signal?.aborted) throw new AxiosError('canceled', 'ERR_CANCELED', config, {});
      throw failed(error, config);
    }
    const { status, statusText } = answer;
    const response = { data: received(answer.body, config), status, statusText, headers: http.headerObject(answer.headers), config, request: {} };
    const isGood = config.validateStatus === undefined ? status >= 200 && status < 300 : !config.validateStatus || config.validateStatus(status);
    if (isGood) return response;
    const code = status >= 500 ? 'ERR_BAD_RESPONSE' : 'ERR_BAD_REQUEST';
    throw new AxiosError(`Request failed with status code ${status}`, code, config, {}, response);
  }

  function create(defaults) {
    const merged = (config) => {
      const common = axios.defaults.headers?.common;
      const { common: _, ...given } = axios.defaults.headers ?? {};
      return { ...axios.defaults, ...config, headers: { ...common, ...given, ...Object.fromEntries(http.headerList(config.headers)) } };
    };
    const axios = async (first, second) => perform(merged(typeof first === 'string' ? { ...second, url: first } : { ...first }));
    axios.request = axios;
    for (const method of ['get', 'delete', 'head', 'options']) axios[method] = (url, config) => axios({ ...config, url, method });
    for (const method of ['post', 'put', 'patch']) axios[method] = (url, data, config) => axios({ ...config, url, data, method });
    axios.defaults = { ...defaults, headers: { common: {}, ...defaults.headers } };
    axios.getUri = (config) => addressOf(merged(config));
    return axios;
  }

  module.exports = Object.assign(create({}), {
    create: (defaults = {}) => create(defaults),
    AxiosError,
    isAxiosError: (error) => error?.isAxiosError === true,
    all: (promises) => Promise.all(promises),
    spread: (handler) => (values) => handler(...values),
  });
  module.exports.default = module.exports;
})
