// `events`. https://nodejs.org/docs/latest-v22.x/api/events.html
(function (exports, module) {
  'use strict';
  class EventEmitter {
    // Made on first use, because `util.inherits` calls no constructor.
    #of(event) {
      this._events ??= Object.create(null);
      this._events[event] ??= [];
      return this._events[event];
    }
    on(event, listener) {
      this.#add('push', event, { listener });
      return this;
    }
    once(event, listener) {
      this.#add('push', event, { listener, once: true });
      return this;
    }
    prependListener(event, listener) {
      this.#add('unshift', event, { listener });
      return this;
    }
    #add(how, event, entry) {
      if (typeof entry.listener !== 'function') {
        throw Object.assign(new TypeError('The "listener" argument must be of type function.'), { code: 'ERR_INVALID_ARG_TYPE' });
      }
      this.#of(event)[how](entry);
    }
    off(event, listener) {
      const entries = this.#of(event);
      const at = entries.findLastIndex((entry) => entry.listener === listener);
      if (at >= 0) this._events[event] = entries.toSpliced(at, 1);
      return this;
    }
    removeAllListeners(event) {
      if (event === undefined) this._events = Object.create(null);
      else delete this._events?.[event];
      return this;
    }
    emit(event, ...list) {
      const entries = [...this.#of(event)];
      if (entries.length === 0 && event === 'error') throw list[0] instanceof Error ? list[0] : new Error(`Unhandled error. (${list[0]})`);
      for (const entry of entries) {
        if (entry.once) this.off(event, entry.listener);
        entry.listener.apply(this, list);
      }
      return entries.length > 0;
    }
    listeners(event) { return this.#of(event).map((entry) => entry.listener); }
    listenerCount(event) { return this.#of(event).length; }
    eventNames() { return Reflect.ownKeys(this._events ?? {}).filter((event) => this._events[event].length > 0); }
    setMaxListeners() { return this; }
  }
  EventEmitter.prototype.addListener = EventEmitter.prototype.on;
  EventEmitter.prototype.removeListener = EventEmitter.prototype.off;
  EventEmitter.EventEmitter = EventEmitter;
  EventEmitter.once = (emitter, event) => new Promise((resolve, reject) => {
    emitter.once(event, (...list) => resolve(list));
    if (event !== 'error') emitter.once('error', reject);
  });
  module.exports = EventEmitter;
})
